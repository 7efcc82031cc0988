// SPDX-License-Identifier: Apache-2.0
// Our registry as its own token server: what each may do, as skopeo, docker and our client are told.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { startRegistry } from './harness/originals.ts'
import { ask, dockerAt, fill, logOf, ourAddress, skopeo, startTeuRegistry, usersFile } from './harness/registries.ts'
import { type RunResult, type Sandbox, sandboxTest } from './harness/sandbox.ts'

const rules = ['--access', 'alice=**:*', '--access', 'bob=team/**:pull', '--anonymous-pull', 'public/**']

const serve = (sandbox: Sandbox, ...more: string[]) =>
  startTeuRegistry(sandbox, ['--htpasswd', usersFile(sandbox), '--token', '--delete', ...rules, ...more])

const creds = { alice: 'alice:wonder', bob: 'bob:builder' }

async function refused(wanted: RegExp, attempt: Promise<RunResult>): Promise<void> {
  const { status, stderr } = await attempt
  assert.notEqual(status, 0)
  assert.match(stderr, wanted)
}

async function succeeds(attempt: Promise<RunResult>): Promise<string> {
  const { status, stdout, stderr } = await attempt
  assert.equal(status, 0, stderr)
  return stdout
}

sandboxTest('skopeo gets a token for what it does, and no further', async (sandbox) => {
  await serve(sandbox)
  const [open, closed] = [`${ourAddress}/public/app:1`, `${ourAddress}/team/app:1`]
  const inspect = (reference: string, ...flags: string[]) =>
    skopeo(sandbox, 'inspect', '--raw', '--tls-verify=false', ...flags, `docker://${reference}`)
  await refused(/unauthorized: authentication required|requested access to the resource is denied/, fill(sandbox, open))
  await refused(/unauthorized|invalid username\/password/, fill(sandbox, open, '--dest-creds', 'alice:wrong'))
  for (const reference of [open, closed]) await succeeds(fill(sandbox, reference, '--dest-creds', creds.alice))
  await succeeds(inspect(open))
  await refused(/unauthorized|denied/, inspect(closed))
  await succeeds(inspect(closed, '--creds', creds.bob))
  await refused(/unauthorized|denied/, fill(sandbox, `${ourAddress}/team/other:1`, '--dest-creds', creds.bob))
  const removal = (user: string) =>
    skopeo(sandbox, 'delete', '--tls-verify=false', '--creds', user, `docker://${closed}`)
  await refused(/UNAUTHORIZED.*authentication required/, removal(creds.bob))
  await succeeds(inspect(closed, '--creds', creds.bob))
  await succeeds(removal(creds.alice))
  // Each asked with a token, and no password went anywhere but to the token service.
  const asked = logOf(sandbox).filter((entry) => entry['msg'] === 'request')
  assert.ok(asked.some(({ path, status }) => path === '/auth/token' && status === 200))
  for (const secret of ['wonder', 'builder', 'wrong']) assert.ok(!sandbox.log('store').includes(secret))

  const bearer = async (scope: string, ...flags: string[]) => {
    const url = `http://${ourAddress}/auth/token?service=teu-registry&scope=${scope}`
    return JSON.parse((await ask(sandbox, url, ...flags)).body) as { token: string; scope: string }
  }
  const asBob = ['-u', creds.bob]
  assert.equal((await bearer('repository:team/app:pull,push,delete', ...asBob)).scope, 'repository:team/app:pull')
  const { token } = await bearer('repository:team/app:pull', ...asBob)
  const other = await ask(sandbox, `http://${ourAddress}/v2/secret/tags/list`, '-H', `Authorization: Bearer ${token}`)
  assert.equal(other.status, 401)
  const challenge = other.headers.get('www-authenticate') ?? ''
  assert.match(challenge, /^Bearer realm="http:\/\/127\.0\.0\.1:5001\/auth\/token",service="teu-registry"/)
  assert.match(challenge, /scope="repository:secret:pull",error="insufficient_scope"/)
})

sandboxTest('docker and our client keep their login over a restart of the registry', async (sandbox) => {
  const first = await serve(sandbox)
  const { output, run, loaded } = await dockerAt(sandbox)
  const name = `${ourAddress}/team/app:1`
  await output('tag', loaded, name)
  await output('login', '-u', 'alice', '-p', 'wonder', ourAddress)
  await output('push', '-q', name)
  const stored = JSON.parse(readFileSync(sandbox.path('docker-config/config.json'), 'utf8')) as {
    auths: Record<string, { auth?: string; identitytoken?: string }>
  }
  // What docker keeps is an identity token, and its password nowhere.
  const kept = stored.auths[ourAddress]
  assert.ok(kept?.identitytoken)
  assert.equal(Buffer.from(kept.auth ?? '', 'base64').toString(), 'alice:')
  await sandbox.stop(first)
  await serve(sandbox)
  await output('rmi', name)
  await output('pull', '-q', name)
  await output('push', '-q', name)
  const env = { DOCKER_CONFIG: sandbox.path('docker-config') }
  await sandbox.output('teu-registry', ['pull', '-q', name, sandbox.path('layout')], { env })
  await sandbox.output('teu-registry', ['push', '-q', sandbox.path('layout'), `${ourAddress}/team/ours:1`], { env })
  await output('logout', ourAddress)
  await refused(/unauthorized|denied/, run('pull', name))
  await refused(
    /^teu-registry: HEAD http.*: unauthorized: authentication required \(HTTP 401\)\n$/,
    pull(sandbox, name, env),
  )
})

const pull = (sandbox: Sandbox, name: string, env: Record<string, string>) =>
  sandbox.run('teu-registry', ['pull', '-q', name, sandbox.path('other')], { env })

sandboxTest(
  "Debian's docker-registry takes the tokens that ours gives out, by the rules that ours has",
  async (sandbox) => {
    await serve(sandbox)
    const bundle = sandbox.path('tokens.pem')
    const key = sandbox.path('store/teu/token-key.pem')
    await sandbox.output('openssl', [
      ...['req', '-x509', '-new', '-key', key, '-subj', '/CN=tokens', '-days', '2', '-out', bundle],
    ])
    const realm = `http://${ourAddress}/auth/token`
    const { address } = await startRegistry(
      sandbox,
      [],
      `auth: {token: {realm: '${realm}', service: teu-registry, issuer: teu-registry, rootcertbundle: ${bundle}}}\n`,
    )
    const name = `${address}/team/app:1`
    await refused(/unauthorized|denied/, fill(sandbox, name))
    await refused(/unauthorized|denied/, fill(sandbox, name, '--dest-creds', creds.bob))
    await succeeds(fill(sandbox, name, '--dest-creds', creds.alice))
    const inspect = (...flags: string[]) =>
      skopeo(sandbox, 'inspect', '--raw', '--tls-verify=false', ...flags, `docker://${name}`)
    await succeeds(inspect('--creds', creds.bob))
    await refused(/unauthorized|denied/, inspect())
  },
)
