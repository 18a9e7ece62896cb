/** Checks the AsyncAPI document by the parser of AsyncAPI, with its recommended rules, offline. */
import { Parser } from '@asyncapi/parser';
import { testApp } from '../../test/support/http-app.ts';

const parser = new Parser();
const authenticate = () => Promise.reject(new Error('no token is sent'));
const apps = {
  'AUTH=none': testApp({ publicUrl: 'http://loms.test:8080' }),
  'AUTH=jwt': testApp({ publicUrl: 'https://loms.test/shop', authenticate }),
};
for (const [access, app] of Object.entries(apps)) {
  const source = await (await app.request('/asyncapi.json')).text();
  const problems = await parser.validate(source);
  for (const { code, path, message } of problems) {
    console.error(`${access}: ${code} ${path.join('/')}: ${message}`);
  }
  if (problems.length > 0) process.exitCode = 1;
}
