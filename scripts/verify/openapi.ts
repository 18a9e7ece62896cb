/** Checks the OpenAPI document by the recommended rules of Redocly and by those of Spectral, offline. */
import { createConfig, lintFromString } from '@redocly/openapi-core';
import spectralCore, { type RulesetDefinition } from '@stoplight/spectral-core';
import { oas } from '@stoplight/spectral-rulesets';
import { testApp } from '../../test/support/http-app.ts';

const redocly = await createConfig({
  extends: ['recommended'],
  // The probes have no 4xx status of their own.
  rules: { 'operation-4xx-response': 'off' },
});
const spectral = new spectralCore.Spectral();
spectral.setRuleset({
  extends: oas as RulesetDefinition,
  // It allows scopes with OAuth only, OpenAPI 3.1 with every scheme. Redocly checks that the scheme exists.
  rules: { 'oas3-operation-security-defined': 'off' },
});

const publicUrl = 'https://loms.test';
const apps = {
  'AUTH=none': testApp({ publicUrl }),
  'AUTH=jwt': testApp({ publicUrl, authenticate: () => Promise.reject(new Error('no token is sent')) }),
};
for (const [access, app] of Object.entries(apps)) {
  const source = await (await app.request('/openapi.json')).text();
  const problems = [
    ...(await lintFromString({ source, config: redocly })).map(
      ({ ruleId, location, message }) => `${ruleId} ${location[0]?.pointer}: ${message}`,
    ),
    ...(await spectral.run(source)).map(({ code, path, message }) => `${code} ${path.join('/')}: ${message}`),
  ];
  for (const problem of problems) console.error(`${access}: ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
}
