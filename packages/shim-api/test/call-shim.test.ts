// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { DeleteResponse, deleteWithShim, resolveShimBinary, startShim } from '@teu/shim-api'

/** Runs `use` with a shim that is a shell script. */
async function withScript(
  script: string,
  use: (call: Parameters<typeof startShim>[0]) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp('/tmp/teu-shim-api-')
  try {
    const binary = join(folder, 'containerd-shim-fake-v1')
    await writeFile(binary, `#!/bin/sh\n${script}\n`)
    await chmod(binary, 0o755)
    await use({ binary, namespace: 'n', id: 'i', bundle: folder, address: '/a' })
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('start runs in the bundle, with its own environment, and gives the reply', () =>
  withScript(
    'cat >/dev/null; [ "$PWD" = "$(dirname "$0")" ] && [ -z "$SECRET" ] && echo "unix://$TTRPC_ADDRESS"',
    async (call) => {
      process.env.SECRET = 'x'
      const reply = await startShim({ ...call, ttrpcAddress: '/t' })
      assert.deepEqual(reply, { version: 2, address: 'unix:///t', protocol: 'ttrpc' })
      delete process.env.SECRET
    },
  ))

test('what a failing shim prints is the error, and a stuck one is stopped', async () => {
  await withScript('echo to stdout; echo to stderr >&2; exit 3', (call) =>
    assert.rejects(startShim(call), /exit status 3: to stdout\nto stderr/),
  )
  await withScript('exec sleep 100', async (call) => {
    await assert.rejects(startShim({ ...call, timeoutMs: 100 }), { code: 'deadline-exceeded' })
    await assert.rejects(startShim({ ...call, signal: AbortSignal.timeout(50) }), { code: 'cancelled' })
  })
  await assert.rejects(
    startShim({ binary: '/nonexistent', namespace: 'n', id: 'i', bundle: '/', address: '/a' }),
    /ENOENT/,
  )
})

test('a shim that leaves a process behind does not hold up its caller', () =>
  withScript('sleep 100 & echo $! >left; echo unix:///x', async (call) => {
    assert.equal((await startShim(call)).address, 'unix:///x')
    // It is there still, with the descriptors that it was given.
    assert.ok(process.kill(Number(await readFile(join(call.bundle, 'left'), 'utf8')), 'SIGKILL'))
  }))

test('delete gives the response and the warnings', () => {
  const bytes = DeleteResponse.encode({ pid: 5, exitStatus: 137, exitedAt: undefined }).finish()
  const octal = [...bytes].map((byte) => `\\\\${byte.toString(8).padStart(3, '0')}`).join('')
  return withScript(`echo careful >&2; printf "${octal}"`, async (call) => {
    assert.deepEqual(await deleteWithShim(call), {
      pid: 5,
      exitStatus: 137,
      exitedAt: undefined,
      warnings: 'careful\n',
    })
  })
})

test('a shim is found by its runtime, an absent one named', () =>
  withScript('true', async ({ binary, bundle }) => {
    assert.equal(await resolveShimBinary('io.containerd.fake.v1', { directories: [bundle] }), binary)
    assert.equal(await resolveShimBinary(binary), binary)
    await assert.rejects(resolveShimBinary('io.containerd.absent.v1', { path: bundle }), {
      code: 'not-found',
      message:
        'runtime "io.containerd.absent.v1" binary not installed "containerd-shim-absent-v1": file does not exist',
    })
  }))
