/** The direction of dependency: chaincode <- everything; gateway and audit never meet. */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'chaincode-depends-on-nothing-here',
      severity: 'error',
      from: { path: '^chaincode/' },
      to: { path: '^(located-yaml|network|audit|gateway|scripts|test)/' },
    },
    {
      name: 'located-yaml-depends-on-nothing-here',
      severity: 'error',
      from: { path: '^located-yaml/' },
      to: { path: '^(chaincode|network|audit|gateway|scripts|test)/' },
    },
    {
      name: 'only-domain-and-wire-of-chaincode',
      comment: 'Others may use the rules and the shapes, never contracts or state.',
      severity: 'error',
      from: { path: '^(network|audit|gateway)/' },
      to: { path: '^chaincode/(src|dist)/(contracts|state)/' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^chaincode/src/domain/' },
      to: { pathNot: '^chaincode/src/domain/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'wire-knows-no-contract',
      severity: 'error',
      from: { path: '^chaincode/src/wire/' },
      to: { path: '^chaincode/src/(contracts|state)/' },
    },
    {
      name: 'gateway-and-audit-never-meet',
      severity: 'error',
      from: { path: '^(gateway|audit)/' },
      to: { path: '^(audit|gateway)/', pathNot: '^$1/' },
    },
    {
      name: 'members-do-not-need-the-network',
      comment: 'A gateway or an auditor runs beside any Fabric, not only beside ours.',
      severity: 'error',
      from: { path: '^(gateway|audit)/' },
      to: { path: '^(network|scripts|test)/' },
    },
    {
      name: 'network-stands-alone',
      severity: 'error',
      from: { path: '^network/' },
      to: { path: '^(gateway|audit|scripts|test)/' },
    },
    {
      name: 'gateway-rules-do-not-know-http',
      severity: 'error',
      from: { path: '^gateway/src/(usecases|ports)/' },
      to: { path: '^gateway/src/(http|adapters)/' },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'not-to-undeclared',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|/dist/' },
    exclude: { path: '/dist/' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
