import process from 'node:process';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The build defines this from package.json; the sources, run as they are, get a name that is no version.
  define: { __GOVBOOT_VERSION__: JSON.stringify('0.0.0-source') },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/harness/global-setup.ts'],
    reporters: ['default', './test/ci-reporter.ts'],
    // The SDK's word on Node 20, once a test file, says nothing new; the product's own runs are not spared it.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Processes, not threads: tests change directory, start servers and open terminals.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    coverage: {
      // In the same run, where that is asked for; `npm run coverage` leaves out what runs the built program and adds nothing to it.
      enabled: process.env['GOVBOOT_COVERAGE'] === '1',
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text', 'json-summary', 'html'],
      thresholds: {
        // The rooms that decide are tested whole; the rooms that talk to the world as far as it lets itself be faked.
        'src/kernel/**': { lines: 100, branches: 97 },
        'src/inputs/**': { lines: 100, branches: 97 },
        'src/gates/**': { lines: 100, branches: 97 },
        'src/doctor/**': { lines: 100, branches: 97 },
        'src/plan/**': { lines: 100, branches: 97 },
        'src/evidence/**': { lines: 100, branches: 97 },
        'src/{apply,report,street,commands,cloud,world}/**': { lines: 85 },
        'src/*.ts': { lines: 85 },
      },
    },
  },
});
