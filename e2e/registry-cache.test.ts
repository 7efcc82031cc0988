// SPDX-License-Identifier: Apache-2.0
// `teu-registry serve --proxy` in front of Debian's docker-registry: skopeo and docker pull through it, and what
// arrives at the original shows in its own log.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { startContainerd } from './harness/originals.ts'
import {
  ask,
  blobFile,
  dockerAt,
  fill,
  logOf,
  ourAddress,
  skopeo,
  skopeoOutput,
  startTeuRegistry,
  usersFile,
} from './harness/registries.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'

const origin = '127.0.0.1:5000'
const image = 'library/busybox'

/** Debian's docker-registry that logs each request, with the test image in it; answers how to end it and what was asked. */
async function startOrigin(sandbox: Sandbox, { closed = false } = {}) {
  const start = async (name: string, auth: string) => {
    const config = sandbox.path(`${name}.yml`)
    writeFileSync(
      config,
      `version: 0.1\nlog: {level: info, formatter: json, accesslog: {disabled: true}}\n` +
        `storage: {filesystem: {rootdirectory: ${sandbox.path('origin')}}}\n${auth}http: {addr: '${origin}'}\n`,
    )
    const child = sandbox.daemon(name, 'docker-registry', ['serve', config])
    await until(
      'the origin answers',
      async () => (await sandbox.run('curl', ['-s', `http://${origin}/v2/`])).status === 0,
    )
    return child
  }
  const open = await start('open', '')
  const filled = await fill(sandbox, `${origin}/${image}:latest`)
  assert.equal(filled.status, 0, filled.stderr)
  const auth = closed ? `auth: {htpasswd: {realm: closed, path: ${usersFile(sandbox)}}}\n` : ''
  await sandbox.stop(open)
  let process = await start('origin', auth)
  return {
    stop: () => sandbox.stop(process),
    restart: async () => {
      process = await start('origin', auth)
    },
    /** The requests that it answered, as `GET /v2/…`, since it was filled. */
    requests: () =>
      sandbox
        .log('origin')
        .split('\n')
        .filter((line) => line.includes('"msg":"response completed"'))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .map((entry) => `${entry['http.request.method']} ${entry['http.request.uri']}`),
  }
}

const through = (sandbox: Sandbox, to: string) => {
  mkdirSync(sandbox.path('pulled'), { recursive: true })
  const from = `docker://${ourAddress}/${image}:latest`
  return skopeo(sandbox, 'copy', '--src-tls-verify=false', from, `dir:${sandbox.path('pulled', to)}`)
}

sandboxTest(
  'who pulls at the same time fetches once; a tag is asked for with HEAD; what is kept outlives the origin',
  async (sandbox) => {
    const { requests, stop, restart } = await startOrigin(sandbox)
    await startTeuRegistry(sandbox, ['--proxy', `http://${origin}`, '--metrics'])
    const pulls = await Promise.all(['1', '2', '3', '4'].map((to) => through(sandbox, to)))
    for (const { status, stderr } of pulls) assert.equal(status, 0, stderr)
    const first = requests()
    const blobs = first.filter((line) => /^GET .*\/blobs\//.test(line))
    assert.equal(blobs.length, new Set(blobs).size, `a blob was fetched twice:\n${first.join('\n')}`)
    assert.equal(blobs.length, 2)
    assert.equal(first.filter((line) => /^GET .*\/manifests\//.test(line)).length, 1, first.join('\n'))
    assert.ok(first.some((line) => line === `HEAD /v2/${image}/manifests/latest`))

    // Once it is here, what a tag names is all that is asked.
    assert.equal((await through(sandbox, '5')).status, 0)
    assert.deepEqual(
      requests()
        .slice(first.length)
        .filter((line) => !line.endsWith(' /v2/')),
      [`HEAD /v2/${image}/manifests/latest`],
    )
    const metrics = (await ask(sandbox, `http://${ourAddress}/metrics`)).body
    assert.match(metrics, /^\w*(cache|proxy)\w*\{[^}]*hit[^}]*\} [1-9]/m)

    await stop()
    const offline = await through(sandbox, '6')
    assert.equal(offline.status, 0, offline.stderr)
    const stale = await ask(sandbox, `http://${ourAddress}/v2/${image}/manifests/latest`, '-H', 'Accept: */*')
    assert.equal(stale.status, 200)
    assert.match(stale.headers.get('warning') ?? '', /^(110|299) /)
    const never = await ask(sandbox, `http://${ourAddress}/v2/${image}/manifests/other`)
    assert.ok(never.status >= 500, String(never.status))
    assert.match(never.body, /"errors":\[\{"code":"UNAVAILABLE"/)

    // A tag that moved while nobody looked is followed.
    await restart()
    const moved = await fill(sandbox, `${origin}/${image}:latest`, '--format', 'oci')
    assert.equal(moved.status, 0, moved.stderr)
    const digest = (address: string) =>
      skopeoOutput(
        sandbox,
        'inspect',
        '--tls-verify=false',
        '--format',
        '{{.Digest}}',
        `docker://${address}/${image}:latest`,
      )
    const now = await digest(origin)
    // An origin that was away is left alone for ten seconds.
    await until('the moved tag is followed', async () => (await digest(ourAddress)) === now)
    const refused = await fill(sandbox, `${ourAddress}/${image}:mine`)
    assert.notEqual(refused.status, 0)
    assert.match(refused.stderr, /unsupported|UNSUPPORTED|405|denied/i)
  },
)

sandboxTest('docker pulls from its mirror, and goes on when the origin is away', async (sandbox) => {
  const { requests, stop } = await startOrigin(sandbox)
  await startTeuRegistry(sandbox, ['--proxy', `http://${origin}`])
  // docker.io itself cannot be reached from here, so what comes has come through the mirror.
  const { output } = await dockerAt(sandbox, ['--registry-mirror', `http://${ourAddress}`])
  await output('rmi', '-f', 'busybox:latest').catch(() => {})
  const pulled = await output('pull', 'busybox')
  assert.match(pulled, /Downloaded newer image for busybox:latest/)
  assert.ok(requests().some((line) => line === `HEAD /v2/${image}/manifests/latest`))
  await stop()
  await output('rmi', 'busybox')
  assert.equal(/Digest: (\S+)/.exec(await output('pull', 'busybox'))?.[1], /Digest: (\S+)/.exec(pulled)?.[1])
})

sandboxTest('a closed origin gets the password of the cache, and nobody else does', async (sandbox) => {
  await startOrigin(sandbox, { closed: true })
  const flags = ['--proxy', `http://${origin}`, '--proxy-username', 'alice']
  const right = await startTeuRegistry(sandbox, flags, { env: { TEU_REGISTRY_PROXY_PASSWORD: 'wonder' } })
  const pulled = await through(sandbox, '1')
  assert.equal(pulled.status, 0, pulled.stderr)
  const listed = JSON.parse(
    await skopeoOutput(sandbox, 'list-tags', '--tls-verify=false', `docker://${ourAddress}/${image}`),
  )
  assert.deepEqual(listed.Tags, ['latest'])
  await sandbox.stop(right)
  assert.ok(!sandbox.log('store').includes('wonder'))

  await startTeuRegistry(sandbox, flags, { name: 'other', env: { TEU_REGISTRY_PROXY_PASSWORD: 'wrong' } })
  const refused = await through(sandbox, '2')
  assert.notEqual(refused.status, 0)
  const answer = await ask(sandbox, `http://${ourAddress}/v2/${image}/manifests/latest`)
  // What the origin does not show to the cache does not exist for whoever asks that, who could not log in there anyway.
  assert.equal(answer.status, 404)
  assert.match(answer.body, /"code":"MANIFEST_UNKNOWN".*unauthorized: authentication required \(HTTP 401\)/)
  assert.ok(!sandbox.log('other').includes('wrong'), sandbox.log('other'))
  const told = logOf(sandbox, 'other').find(({ level }) => level === 'error')
  assert.match(String(told?.['error']), /unauthorized: authentication required \(HTTP 401\)/)
  assert.ok(!answer.body.includes('alice'))
})

sandboxTest('bytes that are not those of their digest are not kept', async (sandbox) => {
  await startOrigin(sandbox)
  const manifest = JSON.parse(
    await skopeoOutput(sandbox, 'inspect', '--raw', '--tls-verify=false', `docker://${origin}/${image}:latest`),
  ) as { layers: { digest: string }[] }
  const digest = manifest.layers[0]?.digest as string
  const file = blobFile(sandbox.path('origin'), digest)
  const good = await sandbox.output('sha256sum', [file])
  assert.ok(good.startsWith(digest.slice(7)))
  await sandbox.output('sh', [
    '-c',
    'cp "$1" "$1.good" && printf X | dd of="$1" bs=1 seek=500 conv=notrunc 2>/dev/null',
    'sh',
    file,
  ])
  await startTeuRegistry(sandbox, ['--proxy', `http://${origin}`])
  const spoiled = await through(sandbox, '1')
  assert.notEqual(spoiled.status, 0)
  await sandbox.output('mv', [`${file}.good`, file])
  const mended = await through(sandbox, '2')
  assert.equal(mended.status, 0, mended.stderr)
})

sandboxTest('ctr and our client find the cache by hosts.toml, and go on when the origin is away', async (sandbox) => {
  const { requests, stop } = await startOrigin(sandbox)
  await startTeuRegistry(sandbox, ['--proxy', `http://${origin}`])
  const hosts = sandbox.path('hosts')
  mkdirSync(`${hosts}/${origin}`, { recursive: true })
  writeFileSync(
    `${hosts}/${origin}/hosts.toml`,
    `server = "http://${origin}"\n[host."http://${ourAddress}"]\ncapabilities = ["pull", "resolve"]\n`,
  )
  const name = `${origin}/${image}:latest`
  const { socket } = await startContainerd(sandbox)
  const ctr = (...args: string[]) => sandbox.output('ctr', ['-a', socket, ...args])
  const ours = (to: string) =>
    sandbox.output('teu-registry', ['pull', '-q', '--certs-dir', hosts, name, sandbox.path(to)])
  await ctr('images', 'pull', '--hosts-dir', hosts, name)
  const first = requests()
  assert.ok(first.length > 0)
  const digest = (await ours('first')).trim()
  // What the cache has already came from there: the origin was asked by the cache only, and for the tag only.
  assert.deepEqual([...new Set(requests().slice(first.length))], [`HEAD /v2/${image}/manifests/latest`])
  await stop()
  await ctr('images', 'rm', '--sync', name)
  await ctr('images', 'pull', '--hosts-dir', hosts, name)
  assert.match(await ctr('images', 'check'), /library\/busybox:latest .*complete/)
  assert.equal((await ours('second')).trim(), digest)
})
