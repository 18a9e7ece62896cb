/**
 * Who may import whom. `make verify` holds it, so that the layers of docs/architecture.md stay true.
 *
 *   main, tasks -> app, config      app -> everything      http, grpc -> domain, tls, deadlines
 *   auth, workers -> domain      domain -> its own files, generated SQL, the few types it needs from db
 *   db -> generated SQL, alarm
 */
const outside = (...allowed) => ({ path: '^src/', pathNot: allowed });

module.exports = {
  forbidden: [
    {
      name: 'main-only-starts',
      comment: 'main reads the configuration and starts the app.',
      severity: 'error',
      from: { path: '^src/main\\.ts$' },
      to: outside('^src/(app|log)\\.ts$', '^src/config/'),
    },
    {
      name: 'probe-stands-alone',
      comment: 'The probe runs every few seconds and loads nothing of the service but its configuration.',
      severity: 'error',
      from: { path: '^src/probe\\.ts$' },
      to: outside('^src/config/'),
    },
    {
      name: 'domain-knows-no-transport',
      comment: 'The domain is called by transports and knows none of them.',
      severity: 'error',
      from: { path: '^src/domain/', pathNot: '\\.test\\.ts$' },
      to: outside('^src/domain/', '^src/generated/sql/', '^src/db/(router|connection|batcher|errors)\\.ts$'),
    },
    {
      name: 'db-knows-no-domain',
      comment: 'The database layer runs what it is given and knows nothing of orders.',
      severity: 'error',
      from: { path: '^src/db/', pathNot: '\\.test\\.ts$' },
      to: outside('^src/db/', '^src/alarm\\.ts$', '^src/generated/sql/'),
    },
    {
      name: 'auth-knows-no-transport',
      comment: 'Credentials are checked as the domain asks for it, whichever way they came.',
      severity: 'error',
      from: { path: '^src/auth/', pathNot: '\\.test\\.ts$' },
      to: outside('^src/auth/', '^src/domain/(access|errors)\\.ts$'),
    },
    {
      name: 'http-speaks-to-domain-only',
      comment:
        'REST turns requests into domain calls, and never touches the database or the other transport.',
      severity: 'error',
      from: { path: '^src/http/', pathNot: '\\.test\\.ts$' },
      to: outside('^src/http/', '^src/domain/', '^src/(tls|deadlines)\\.ts$'),
    },
    {
      name: 'grpc-speaks-to-domain-only',
      comment: 'gRPC turns calls into domain calls, and never touches the database or the other transport.',
      severity: 'error',
      from: { path: '^src/grpc/', pathNot: '\\.test\\.ts$' },
      to: outside('^src/grpc/', '^src/domain/', '^src/(tls|deadlines)\\.ts$', '^src/generated/proto/'),
    },
    {
      name: 'workers-speak-to-domain-only',
      comment: 'Workers decide when the domain does something in the background, and do nothing else.',
      severity: 'error',
      from: { path: '^src/workers/', pathNot: '\\.test\\.ts$' },
      to: outside('^src/workers/', '^src/domain/'),
    },
    {
      name: 'no-test-in-the-product',
      comment: 'What runs in production does not import test helpers.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^test/|\\.test\\.ts$' },
    },
    {
      name: 'src-knows-no-scripts',
      comment: 'Scripts come after the product and its tests; what those share with scripts lives in test/.',
      severity: 'error',
      from: { path: '^(src|test)/' },
      to: { path: '^scripts/' },
    },
    {
      name: 'no-development-dependency-in-the-product',
      comment: 'What runs in production is a dependency, not a development dependency.',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev', 'npm-unknown', 'npm-no-pkg', 'unknown'] },
    },
    {
      name: 'no-circle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphan',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: '\\.d\\.ts$' },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
