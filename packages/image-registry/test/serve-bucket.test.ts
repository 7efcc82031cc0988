// SPDX-License-Identifier: Apache-2.0
// The program with a bucket in place of a directory: it serves, is started again, is checked and collected.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { startFakeS3 } from './fake-s3/fake-s3.ts'
import { putBlob, putImage } from './requests.ts'
import { inDirectory, run, succeed } from './run-command.ts'
import { program, serve } from './serve-program.ts'

test('serve, fsck, stats, export, import and gc work on a bucket', (t) =>
  inDirectory(async (directory) => {
    await using service = await startFakeS3()
    const place = ['--s3-bucket', service.bucket, '--s3-endpoint', service.endpoint, '--s3-prefix', '/a/registry/']
    const env = {
      AWS_ACCESS_KEY_ID: service.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: service.credentials.secretAccessKey,
    }
    // The commands run in this process, whose environment they are given to.
    Object.assign(process.env, env)
    t.after(() => {
      for (const name of Object.keys(env)) delete process.env[name]
    })
    const first = await serve(t, () => place, env)
    const { digest } = await putImage(first.url, 'team/app', 'v1', { layers: ['one', 'two'] })
    const idle = await putBlob(first.url, 'team/app', 'nobody needs it')
    const root = path.join(first.folder, 'root')
    const local = ['--root', root, ...place]

    assert.ok([...service.objects.keys()].every((key) => key.startsWith('a/registry/')))
    assert.deepEqual(await readdir(root), ['teu'])
    const beside = await run(['gc', ...local, '--grace', '0s'])
    assert.deepEqual([beside.status, beside.stdout], [1, ''])
    assert.match(beside.stderr, /another registry uses this storage/)
    assert.match(await succeed('fsck', ...local), /^all is well: 1 repositories, 1 manifests, /)
    await succeed('export', ...local, 'team/app:v1', path.join(directory, 'layout'))
    assert.equal(await first.end(), 0)

    await succeed('import', ...local, path.join(directory, 'layout'), 'copy:v1')
    const { bytes } = JSON.parse(await succeed('gc', ...local, '--grace', '0s', '--json'))
    assert.equal(bytes, 'nobody needs it'.length)
    assert.ok(![...service.objects.keys()].some((key) => key.includes(idle.slice(7))))
    const { repositories } = JSON.parse(await succeed('stats', ...local, '--json'))
    assert.deepEqual(
      repositories.map(({ name }: { name: string }) => name),
      ['copy', 'team/app'],
    )
    const again = await serve(t, () => place, env)
    for (const name of ['copy', 'team/app']) {
      const answer = await fetch(`${again.url}/v2/${name}/manifests/v1`)
      assert.equal(answer.headers.get('docker-content-digest'), digest)
    }
    assert.equal(await again.end(), 0)
  }))

test('what is said of no bucket, and a bucket that cannot be reached, are one line', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'teu-bucket-'))
  const start = (...argv: string[]) => {
    const args = ['--conditions=teu-source', program, 'serve', '--root', root, '--addr', '127.0.0.1:0', ...argv]
    const { status, stderr } = spawnSync(process.execPath, args, {
      ...{ encoding: 'utf8', timeout: 60_000 },
      env: { PATH: process.env['PATH'] ?? '', AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's' },
    })
    return [status, stderr.split('\n')[0]]
  }
  try {
    const stray = '--s3-endpoint, --s3-region and --s3-prefix go with --s3-bucket'
    assert.deepEqual(start('--s3-prefix', 'x'), [2, `teu-registry: ${stray}`])
    const [status, line] = start('--s3-bucket', 'b', '--s3-endpoint', 'http://127.0.0.1:9', '--s3-region', 'r')
    assert.equal(status, 1)
    assert.match(String(line), /^teu-registry: .*ECONNREFUSED/)
    const stats = await run(['stats', '--root', root, '--s3-region', 'x'])
    assert.deepEqual([stats.status, stats.stderr], [1, `teu-registry: ${stray}\n`])
  } finally {
    await rm(root, { recursive: true })
  }
})
