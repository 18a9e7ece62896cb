/** Who may import whom: the table is in docs/architecture.md, under Rooms. `make verify` holds it. */

/** Product files of a room; tests may import what they like of src and test/support. */
const room = (name) => ({ path: `^src/${name}/`, pathNot: '\\.test\\.ts$' });

/** Everything of ours that is not listed. */
const ours = (...allowed) => ({ path: '^src/', pathNot: allowed.map((path) => `^src/${path}`) });

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule(
      'main-and-cli',
      'Programs read the configuration and use the app. The embedded cluster is loaded when it is needed.',
      { path: '^src/(main\\.ts|cli/)', pathNot: '\\.test\\.ts$' },
      ours(
        'app/',
        'cli/',
        'config/',
        'telemetry/',
        'stock-files/',
        'db/schema/',
        'db/urls\\.ts$',
        'embedded/cluster\\.ts$',
        'domain/stock/',
        'workers/audit-stock\\.ts$',
      ),
    ),
    rule(
      'stock-files',
      'Files of stock are read and written by clients of the service: of it they know rules and limits only.',
      room('stock-files'),
      ours('stock-files/', 'domain/', 'generated/contract\\.ts$', 'timing/clock\\.ts$'),
    ),
    rule(
      'probe',
      'The probe runs every few seconds and loads nothing of the service but its configuration.',
      { path: '^src/cli/probe\\.ts$' },
      ours('config/'),
    ),
    rule(
      'embedded-by-import-only',
      'The embedded cluster is loaded when it is needed: without DATABASE_URL, and to remove it.',
      { path: '^src/', pathNot: '^src/embedded/|\\.test\\.ts$' },
      { path: '^src/embedded/', dependencyTypesNot: ['dynamic-import'] },
    ),
    rule(
      'config',
      'The configuration knows no component, but which database URLs and samplers there are.',
      room('config'),
      ours('config/', 'db/urls\\.ts$', 'telemetry/sampling\\.ts$'),
    ),
    rule('telemetry', 'Log and metrics know no component.', room('telemetry'), ours('telemetry/')),
    rule('timing', 'Clocks, deadlines and loops know nothing else.', room('timing'), ours('timing/')),
    rule('embedded', 'The embedded cluster stands alone.', room('embedded'), ours('embedded/')),
    rule(
      'domain',
      'The domain knows no pool, queue or transport: it runs queries on the transaction it is given.',
      room('domain'),
      ours('domain/', 'generated/sql/', 'generated/contract\\.ts$', 'db/types\\.ts$'),
    ),
    rule('db', 'The database runs what it is given.', room('db'), ours('db/', 'generated/sql/', 'timing/')),
    rule(
      'service',
      'The service joins domain and database.',
      room('service'),
      ours(
        'service/',
        'domain/',
        'db/types\\.ts$',
        'db/errors\\.ts$',
        'db/statements\\.ts$',
        'telemetry/',
        'timing/',
      ),
    ),
    rule(
      'workers',
      'Workers decide when the domain works.',
      room('workers'),
      ours('workers/', 'service/', 'domain/', 'db/errors\\.ts$', 'timing/'),
    ),
    rule(
      'auth',
      'Credentials are checked alike, over both transports.',
      room('auth'),
      ours('auth/', 'domain/', 'timing/'),
    ),
    rule(
      'transport',
      'Transports turn requests into operations and never touch the database.',
      { path: '^src/transport/[^/]+\\.ts$', pathNot: '\\.test\\.ts$' },
      ours('transport/[^/]+\\.ts$', 'domain/', 'telemetry/', 'timing/'),
    ),
    rule(
      'http',
      'REST does not know gRPC.',
      room('transport/http'),
      ours(
        'transport/http/',
        'transport/[^/]+\\.ts$',
        'domain/',
        'timing/',
        'generated/contract\\.ts$',
        'telemetry/',
      ),
    ),
    rule(
      'grpc',
      'gRPC does not know REST.',
      room('transport/grpc'),
      ours(
        'transport/grpc/',
        'transport/[^/]+\\.ts$',
        'domain/',
        'telemetry/',
        'timing/',
        'generated/proto/',
        'generated/contract\\.ts$',
      ),
    ),
    rule(
      'grpc-internals',
      'Deep imports from grpc-js are for the file that checks them at start.',
      { path: '^src/', pathNot: '^src/transport/grpc/internals(\\.test)?\\.ts$' },
      { path: 'node_modules/@grpc/grpc-js/build/src/(?!index)' },
    ),
    rule(
      'examples',
      'Examples are for other projects: they use what those have.',
      { path: '^examples/' },
      { path: '^(src|test|scripts)/' },
    ),
    rule(
      'no-test-in-the-product',
      'What runs in production imports no test helper.',
      { path: '^src/', pathNot: '\\.test\\.ts$' },
      { path: '^test/|\\.test\\.ts$' },
    ),
    rule(
      'console',
      'The console runs in a browser: it knows the public interface of the service, and none of its code.',
      { path: '^console/' },
      { path: '^(src|test|scripts|examples)/' },
    ),
    rule(
      'console-is-built',
      'The service serves what was built of the console, and knows none of its code.',
      { path: '^(src|test|scripts|examples)/' },
      { path: '^console/' },
    ),
    rule(
      'scripts-come-last',
      'Scripts use the product and the test helpers, never the other way round.',
      { path: '^(src|test)/' },
      { path: '^scripts/' },
    ),
    rule(
      'scripts',
      'Of test/ scripts use the helpers only.',
      { path: '^scripts/' },
      { path: '^test/(?!support/)' },
    ),
    rule(
      'no-development-dependency-in-the-product',
      'What runs in production is a dependency, not a development dependency.',
      { path: '^src/', pathNot: '\\.test\\.ts$' },
      { dependencyTypes: ['npm-dev', 'npm-unknown', 'npm-no-pkg', 'unknown'] },
    ),
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
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
