// SPDX-License-Identifier: Apache-2.0
// The same files make the same image: in processes with another clock, time zone, language, umask and number of threads,
// from a copy of the folder that was written in another order.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'

const program = `
  import { appendLayer, emptyImage, layerFromDirectory, makeIndex, squashImage, withRunConfig } from '@teu/image-registry/image'
  import { writeLayoutArchive } from '@teu/image-registry/layout'
  import { readFile } from 'node:fs/promises'
  import { createHash } from 'node:crypto'
  const [folder, file] = process.argv.slice(1)
  const images = []
  for (const compression of ['gzip', 'zstd', 'none']) {
    const layer = await layerFromDirectory(folder, { prefix: 'app', compression })
    images.push(withRunConfig(appendLayer(emptyImage({ os: 'linux', architecture: compression }), layer), { Cmd: ['x'] }))
  }
  images.push(await squashImage(images[2]))
  const index = makeIndex(images)
  await writeLayoutArchive(file, [{ content: index, name: 'v1' }])
  const archive = createHash('sha256').update(await readFile(file)).digest('hex')
  console.log(JSON.stringify([...images.map((image) => image.descriptor.digest), index.descriptor.digest, archive]))
`

const names = ['b', 'a', 'Z', 'ä', 'z', 'sub/b', 'sub/a', 'sub/deep/x']

async function writeFiles(folder: string, order: readonly string[], time: number): Promise<void> {
  for (const name of order) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
    await writeFile(path.join(folder, name), `${name} `.repeat(name === 'a' ? 300_000 : 10))
    await utimes(path.join(folder, name), time, time)
  }
  await chmod(path.join(folder, 'a'), 0o755)
  await symlink('sub/a', path.join(folder, 'link'))
}

test('the same files make the same image, whatever the process and the folder are like', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'teu-same-'))
  try {
    await writeFiles(path.join(directory, 'one'), names, 1_000_000_000)
    await writeFiles(path.join(directory, 'two'), [...names].reverse(), 1_700_000_000)
    const surroundings: [folder: string, umask: string, env: Record<string, string>][] = [
      ['one', '022', {}],
      ['one', '077', { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', UV_THREADPOOL_SIZE: '1' }],
      ['two', '000', { TZ: 'America/St_Johns', LC_ALL: 'C', UV_THREADPOOL_SIZE: '8' }],
    ]
    const results = surroundings.map(([folder, umask, env], i) => {
      const argv = ['--conditions=teu-source', '--input-type=module', '-e', program]
      const files = [path.join(directory, folder), path.join(directory, `${i}.tar`)]
      const command = ['-c', `umask ${umask}; exec "$0" "$@"`, process.execPath, ...argv, ...files]
      const around = { PATH: process.env['PATH'], ...env }
      return execFileSync('sh', command, { cwd: import.meta.dirname, encoding: 'utf8', env: around })
    })
    assert.match(results[0] ?? '', /^\["sha256:/)
    assert.deepEqual(
      results,
      results.map(() => results[0]),
    )
  } finally {
    await rm(directory, { recursive: true })
  }
})
