// SPDX-License-Identifier: Apache-2.0
// Debian's docker and ctr push to our registry and pull from it.
import assert from 'node:assert/strict'
import { docker, startContainerd, startDockerd } from './harness/originals.ts'
import { imageArchive } from './harness/programs.ts'
import { ourAddress as address, dockerAt, startTeuRegistry } from './harness/registries.ts'
import { sandboxTest } from './harness/sandbox.ts'

sandboxTest('docker pushes to our registry and pulls from it', async (sandbox) => {
  await startTeuRegistry(sandbox)
  const { socket } = await startDockerd(sandbox)
  const output = async (...args: string[]) => {
    const result = await docker(sandbox, socket, ...args)
    assert.equal(result.status, 0, `docker ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const loaded = (await output('load', '-q', '-i', imageArchive('busybox'))).trim().replace('Loaded image: ', '')
  const name = `${address}/team/busybox:1`
  await output('tag', loaded, name)
  const pushed = /digest: (sha256:[0-9a-f]{64})/.exec(await output('push', name))?.[1]
  assert.match(await output('push', name), /Layer already exists/)
  await output('tag', loaded, `${address}/other/busybox:1`)
  assert.match(await output('push', `${address}/other/busybox:1`), /Mounted from team\/busybox/)
  await output('rmi', name, `${address}/other/busybox:1`, loaded)
  assert.match(await output('pull', name), new RegExp(`Digest: ${pushed}`))
  assert.match(await output('pull', name), /Image is up to date/)
  const missing = await docker(sandbox, socket, 'pull', `${address}/team/none`)
  assert.match(missing.stderr, /manifest for 127\.0\.0\.1:5001\/team\/none:latest not found: manifest unknown/)
})

sandboxTest('ctr pushes to our registry and pulls from it', async (sandbox) => {
  await startTeuRegistry(sandbox)
  const { socket } = await startContainerd(sandbox)
  const ctr = (...args: string[]) => sandbox.output('ctr', ['-a', socket, ...args])
  await ctr('images', 'import', imageArchive('busybox'))
  const [imported] = (await ctr('images', 'ls', '-q')).trim().split('\n')
  await ctr('images', 'push', '--plain-http', `${address}/team/busybox:1`, imported as string)
  await ctr('images', 'rm', '--sync', imported as string)
  await ctr('images', 'pull', '--plain-http', `${address}/team/busybox:1`)
  assert.match(await ctr('images', 'check'), /team\/busybox:1 .*complete/)
})

sandboxTest('docker manifest makes a list of images at our registry, and pulls its own from it', async (sandbox) => {
  await startTeuRegistry(sandbox)
  const { output, run, loaded } = await dockerAt(sandbox)
  const [image, list] = [`${address}/team/busybox:1`, `${address}/team/list:1`]
  await output('tag', loaded, image)
  await output('push', '-q', image)
  await output('manifest', 'create', '--insecure', list, image)
  // The annotation is what docker goes by, whatever is in the image.
  await output('manifest', 'annotate', '--os', 'linux', '--arch', 'amd64', list, image)
  const digest = (await output('manifest', 'push', '--insecure', list)).trim().split('\n').at(-1)
  const inspected = JSON.parse(await output('manifest', 'inspect', '--insecure', list)) as {
    manifests: { digest: string; platform: { architecture: string } }[]
  }
  assert.equal(inspected.manifests[0]?.platform.architecture, 'amd64')
  const ours = JSON.parse(await sandbox.output('teu-registry', ['inspect', '--raw', list])) as { mediaType: string }
  assert.equal(ours.mediaType, 'application/vnd.docker.distribution.manifest.list.v2+json')
  await output('rmi', image)
  assert.match(await output('pull', list), new RegExp(`Digest: ${digest}`))
  assert.match((await run('manifest', 'inspect', '--insecure', `${address}/team/none:1`)).stderr, /no such manifest/)
})
