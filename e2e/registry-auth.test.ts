// SPDX-License-Identifier: Apache-2.0
// docker, skopeo and podman log in to our registry over TLS, push and pull; our client does so at Debian's.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { certify } from './harness/certificates.ts'
import { startRegistry } from './harness/originals.ts'
import { imageArchive, repository } from './harness/programs.ts'
import { dockerAt, startTeuRegistry, usersFile } from './harness/registries.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'

/** Not a loopback address: those need no certificate that anybody trusts. */
const host = '10.99.0.1'
const address = `${host}:5443`

async function startOurs(sandbox: Sandbox, ...more: string[]): Promise<{ ca: string }> {
  const { ca, cert, key } = await certify(sandbox, host)
  const flags = ['--tls-cert', cert, '--tls-key', key, '--htpasswd', usersFile(sandbox), ...more]
  await startTeuRegistry(sandbox, flags, { address })
  return { ca }
}

async function answers(sandbox: Sandbox, ca: string): Promise<void> {
  await until(
    'the registry answers',
    async () => (await sandbox.run('curl', ['-s', '--cacert', ca, `https://${address}/v2/`])).status === 0,
  )
}

sandboxTest('docker logs in with a password, pushes and pulls', async (sandbox) => {
  await startOurs(sandbox, '--access', 'alice=**:*', '--access', 'bob=team/**:pull')
  const { run, output, loaded } = await dockerAt(sandbox)
  const name = `${address}/team/busybox:1`
  await output('tag', loaded, name)
  assert.match((await run('push', name)).stderr, /no basic auth credentials/)
  assert.match((await run('login', '-u', 'alice', '-p', 'wrong', address)).stderr, /unauthorized|401/)
  assert.match(await output('login', '-u', 'alice', '-p', 'wonder', address), /Login Succeeded/)
  assert.match(await output('push', name), /digest: sha256:/)
  await output('rmi', name)
  assert.match(await output('pull', name), /Downloaded newer image/)
  await output('logout', address)
  await output('login', '-u', 'bob', '-p', 'builder', address)
  await output('pull', name)
  await output('tag', loaded, `${address}/team/other:1`)
  assert.match(
    (await run('push', `${address}/team/other:1`)).stderr,
    /denied: requested access to the resource is denied/,
  )
  await output('tag', loaded, `${address}/secret:1`)
  assert.match((await run('pull', `${address}/secret:1`)).stderr, /denied/)
})

sandboxTest('docker pulls what is open as nobody, and logs in by token for the rest', async (sandbox) => {
  await startOurs(sandbox, '--access', 'alice=**:*', '--access', 'bob=team/**:pull', '--anonymous-pull', 'public/**')
  const { run, output, loaded } = await dockerAt(sandbox)
  const [open, closed] = [`${address}/public/busybox:1`, `${address}/team/busybox:1`]
  for (const name of [open, closed]) await output('tag', loaded, name)
  assert.match((await run('push', open)).stderr, /denied|unauthorized/)
  assert.match((await run('login', '-u', 'alice', '-p', 'wrong', address)).stderr, /unauthorized|401/)
  assert.match(await output('login', '-u', 'alice', '-p', 'wonder', address), /Login Succeeded/)
  for (const name of [open, closed]) assert.match(await output('push', name), /digest: sha256:/)
  await output('logout', address)
  await output('pull', open)
  assert.match((await run('pull', closed)).stderr, /denied|unauthorized/)
  await output('login', '-u', 'bob', '-p', 'builder', address)
  await output('pull', closed)
  assert.match((await run('push', closed)).stderr, /denied|unauthorized/)
})

for (const [kind, more] of [
  ['a password', []],
  ['tokens', ['--token']],
] as [string, string[]][]) {
  sandboxTest(`skopeo and podman log in with ${kind}, push and pull`, async (sandbox) => {
    await startOurs(sandbox, '--delete', ...more)
    writeFileSync(sandbox.path('policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
    const authFile = ['--authfile', sandbox.path('auth.json')]
    const remote = `docker://${address}/team/busybox:1`
    const archive = `docker-archive:${imageArchive('busybox')}`
    const skopeo = (...args: string[]) => sandbox.run('skopeo', ['--insecure-policy', ...args])
    assert.notEqual((await skopeo('copy', ...authFile, archive, remote)).status, 0)
    assert.match(
      (await skopeo('login', ...authFile, '-u', 'alice', '-p', 'wrong', address)).stderr,
      /invalid username\/password|unauthorized/,
    )
    const login = await skopeo('login', ...authFile, '-u', 'alice', '-p', 'wonder', address)
    assert.match(login.stdout, /Login Succeeded/, login.stderr)
    for (const args of [
      ['copy', ...authFile, archive, remote],
      ['inspect', ...authFile, remote],
      ['list-tags', ...authFile, `docker://${address}/team/busybox`],
      ['copy', ...authFile, '--format', 'oci', remote, `docker://${address}/team/copy:1`],
      ['copy', ...authFile, remote, `oci:${sandbox.path('layout')}:busybox`],
      ['delete', ...authFile, `docker://${address}/team/copy:1`],
    ]) {
      const { status, stderr } = await skopeo(...args)
      assert.equal(status, 0, `skopeo ${args.join(' ')}\n${stderr}`)
    }
    const own = ['--root', sandbox.path('pod'), '--runroot', sandbox.path('podrun'), '--tmpdir', sandbox.path('podtmp')]
    const podman = (...args: string[]) =>
      sandbox.output('podman', [
        ...own,
        '--storage-driver',
        'vfs',
        '--cgroup-manager',
        'cgroupfs',
        '--events-backend',
        'none',
        ...args,
      ])
    const policy = ['--signature-policy', sandbox.path('policy.json')]
    const podAuth = ['--authfile', sandbox.path('podman.json')]
    assert.match(await podman('login', ...podAuth, '-u', 'bob', '-p', 'builder', address), /Login Succeeded/)
    await podman('pull', '-q', ...podAuth, ...policy, `${address}/team/busybox:1`)
    await podman('push', '-q', ...podAuth, ...policy, `${address}/team/busybox:1`, `docker://${address}/team/podman:1`)
    await podman('rmi', '-a')
    const tags = JSON.parse(
      await sandbox.output('curl', [
        '-s',
        '-u',
        'bob:builder',
        '--cacert',
        sandbox.path('ca.crt'),
        `https://${address}/v2/team/podman/tags/list`,
      ]),
    ) as unknown
    assert.deepEqual(tags, { name: 'team/podman', tags: ['1'] })
  })
}

sandboxTest("our client logs in at Debian's docker-registry over TLS", async (sandbox) => {
  const { ca, cert, key } = await certify(sandbox, host)
  writeFileSync(
    sandbox.path('closed.yml'),
    `version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: ${sandbox.path('closed')}}}\n` +
      `auth: {htpasswd: {realm: closed, path: ${usersFile(sandbox)}}}\n` +
      `http: {addr: '${address}', tls: {certificate: ${cert}, key: ${key}}}\n`,
  )
  sandbox.daemon('closed', 'docker-registry', ['serve', sandbox.path('closed.yml')])
  await answers(sandbox, ca)
  const { address: open } = await startRegistry(sandbox)
  const program = ['--conditions=teu-source', path.join(repository, 'e2e/programs/copy-with-login.ts')]
  const copy = (env: Record<string, string>) =>
    sandbox.run(process.execPath, [...program, `${open}/busybox:latest`, `${address}/team/copy:1`], { env })
  const copied = await copy({ CA: ca, USERNAME: 'alice', PASSWORD: 'wonder' })
  assert.equal(copied.status, 0, copied.stderr)
  assert.match(copied.stdout, /^sha256:[0-9a-f]{64}\n$/)
  const wrong = await copy({ CA: ca, USERNAME: 'alice', PASSWORD: 'wrong' })
  assert.match(wrong.stderr, /unauthenticated|unauthorized/i)
  const nobody = await copy({ CA: ca })
  assert.match(nobody.stderr, /no basic auth credentials/)
})
