// SPDX-License-Identifier: Apache-2.0
// What skopeo and docker are told by a registry that limits, forbids and counts, and what it tells others.
import assert from 'node:assert/strict'
import { ask, dockerAt, fill, logOf, ourAddress, skopeo, skopeoOutput, startTeuRegistry } from './harness/registries.ts'
import { type RunResult, type Sandbox, sandboxTest, until } from './harness/sandbox.ts'

const image = `${ourAddress}/team/app:1`
const inspect = (sandbox: Sandbox, reference = image) =>
  skopeo(sandbox, 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`)

sandboxTest('who asks too often is told when to come back, and our client does', async (sandbox) => {
  const filling = await startTeuRegistry(sandbox)
  assert.equal((await fill(sandbox, image)).status, 0)
  await sandbox.stop(filling)

  await startTeuRegistry(sandbox, ['--rate-limit', '4/3s'])
  const url = `http://${ourAddress}/v2/team/app/tags/list`
  const first = await ask(sandbox, url)
  assert.deepEqual([first.status, first.headers.get('ratelimit-limit')], [200, '4;w=3'])
  assert.equal(first.headers.get('ratelimit-remaining'), '3;w=3')
  const answers = []
  for (let time = 0; time < 6; time++) answers.push(await ask(sandbox, url))
  const refused = answers.find(({ status }) => status === 429)
  assert.ok(refused)
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-3]$/)
  assert.equal(refused.headers.get('ratelimit-remaining'), '0;w=3')
  assert.match(refused.body, /^\{"errors":\[\{"code":"TOOMANYREQUESTS","message":"/)
  // More requests than the limit lets through at once: it has to wait, and gets there.
  const pulled = await sandbox.run('teu-registry', ['pull', '-q', image, sandbox.path('layout')])
  assert.equal(pulled.status, 0, pulled.stderr)
  assert.ok(logOf(sandbox).some((entry) => entry['status'] === 429 && String(entry['path']).includes('/blobs/')))
})

sandboxTest('manifests that are pulled are counted as Docker Hub counts them', async (sandbox) => {
  await startTeuRegistry(sandbox, ['--pull-limit', '3/1h'])
  assert.equal((await fill(sandbox, image)).status, 0)
  for (let time = 0; time < 3; time++) {
    const { status, stderr } = await inspect(sandbox)
    assert.equal(status, 0, stderr)
  }
  // Looking is free; that is how people find out what is left.
  const head = await ask(sandbox, `http://${ourAddress}/v2/team/app/manifests/1`, '--head', '-H', 'Accept: */*')
  assert.deepEqual(
    [head.status, head.headers.get('ratelimit-limit'), head.headers.get('ratelimit-remaining')],
    [200, '3;w=3600', '0;w=3600'],
  )
  assert.equal(head.headers.get('docker-ratelimit-source'), '127.0.0.1')
  const { output, run, loaded } = await dockerAt(sandbox)
  const over = await run('pull', image)
  assert.notEqual(over.status, 0)
  assert.match(over.stderr, /toomanyrequests: /)
  // Pushing is not pulling.
  await output('tag', loaded, `${ourAddress}/team/other:1`)
  await output('push', '-q', `${ourAddress}/team/other:1`)
})

sandboxTest('what is forbidden is told in words: immutable tags, quotas, lengths, reading only', async (sandbox) => {
  const flags = ['--delete', '--immutable-tags', 'team/**:v*', '--quota', 'small/*=100KB']
  const started = await startTeuRegistry(sandbox, flags)
  const released = `${ourAddress}/team/app:v1`
  const refused = async (wanted: RegExp, attempt: Promise<RunResult>) => {
    const { status, stderr } = await attempt
    assert.notEqual(status, 0)
    assert.match(stderr, wanted)
  }
  const filled = await fill(sandbox, released)
  assert.equal(filled.status, 0, filled.stderr)
  assert.equal((await fill(sandbox, released)).status, 0, 'the same again changes nothing')
  const immutable = /denied: team\/app:v1 cannot be changed: it is immutable/
  await refused(immutable, fill(sandbox, released, '--format', 'oci'))
  await refused(/immutable/, skopeo(sandbox, 'delete', '--tls-verify=false', `docker://${released}`))
  await refused(/denied: small\/app: its quota is used up/, fill(sandbox, `${ourAddress}/small/app:1`))
  const { output, run, loaded } = await dockerAt(sandbox)
  await output('tag', loaded, `${ourAddress}/small/app:1`)
  await refused(/denied: small\/app: its quota is used up/, run('push', `${ourAddress}/small/app:1`))
  await sandbox.stop(started)

  // Where nothing is, so that nothing is mounted instead of sent.
  const limited = await startTeuRegistry(sandbox, ['--max-blob', '500KB'], { name: 'limited' })
  await refused(/size invalid: longer than the limit of 500000 bytes/, fill(sandbox, `${ourAddress}/team/long:1`))
  await sandbox.stop(limited)

  const keeping = await startTeuRegistry(sandbox)
  await refused(/deletion is turned off/, skopeo(sandbox, 'delete', '--tls-verify=false', `docker://${released}`))
  await sandbox.stop(keeping)

  await startTeuRegistry(sandbox, ['--read-only'])
  await refused(/unsupported: the registry is read-only/, fill(sandbox, `${ourAddress}/team/new:1`))
  await output('tag', loaded, `${ourAddress}/team/new:1`)
  await refused(/unsupported: the registry is read-only/, run('push', `${ourAddress}/team/new:1`))
  await skopeoOutput(sandbox, 'inspect', '--tls-verify=false', `docker://${released}`)
})

sandboxTest('what happens is told by webhooks, metrics and the log', async (sandbox) => {
  const debug = '127.0.0.1:5002'
  const flags = ['--webhook', 'http://127.0.0.1:5003/hook', '--webhook-header', 'X-Token: open sesame']
  const receiver = sandbox.spawn(process.execPath, ['-e', receiving], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  receiver.stdout?.on('data', (chunk) => {
    text += chunk
  })
  await until('the receiver listens', () => text.includes('listening\n'))
  const registry = await startTeuRegistry(sandbox, [...flags, '--delete', '--metrics', '--debug-addr', debug])
  const { output, loaded } = await dockerAt(sandbox)
  await output('tag', loaded, image)
  const digest = /digest: (sha256:[0-9a-f]{64})/.exec(await output('push', image))?.[1]
  await skopeoOutput(sandbox, 'copy', '--src-tls-verify=false', `docker://${image}`, `dir:${sandbox.path('out')}`)
  await skopeoOutput(sandbox, 'delete', '--tls-verify=false', `docker://${image}`)
  interface Event {
    action: string
    target: { repository: string; digest: string; tag?: string; mediaType?: string }
    request: { useragent: string; method: string }
  }
  const events = () =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .flatMap((line) => (JSON.parse(line) as { events: Event[] }).events)
  const of = (action: string) =>
    events().find(
      ({ action: own, target }) => own === action && target.digest === digest && target.repository === 'team/app',
    )
  await until('the deletion is told', () => of('delete') !== undefined)
  assert.deepEqual([of('push')?.target.tag, of('pull')?.request.method], ['1', 'GET'])
  assert.match(of('push')?.request.useragent ?? '', /^docker\//)
  assert.match(of('pull')?.request.useragent ?? '', /skopeo|containers\//)
  assert.ok(text.includes('header open sesame\n'))

  const metrics = (await ask(sandbox, `http://${debug}/metrics`)).body
  assert.ok(metrics.includes('teu_registry_requests_total{route="manifest",method="PUT",status="201"} 1\n'), metrics)
  assert.equal((await ask(sandbox, `http://${debug}/debug/health`)).status, 200)
  assert.equal(await sandbox.stop(registry).then(() => registry.exitCode), 0)
  const log = logOf(sandbox)
  const put = log.find((entry) => entry['method'] === 'PUT' && entry['route'] === 'manifest')
  assert.deepEqual([put?.['status'], put?.['repository'], put?.['path']], [201, 'team/app', '/v2/team/app/manifests/1'])
  assert.match(String(put?.['userAgent'] ?? put?.['agent'] ?? ''), /^docker\//)
  assert.equal(log.at(-1)?.['msg'], 'ending')
})

/** Prints each body it gets as a line, and a header of it. */
const receiving = `
  require('node:http').createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => { body += chunk })
    request.on('end', () => {
      console.log('header ' + request.headers['x-token'])
      console.log(JSON.stringify(JSON.parse(body)))
      response.end()
    })
  }).listen(5003, '127.0.0.1', () => console.log('listening'))`
