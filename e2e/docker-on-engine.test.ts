// SPDX-License-Identifier: Apache-2.0
// The docker CLI on our engine: the walk that every introduction to Docker takes.
import assert from 'node:assert/strict'
import { docker, startRegistry } from './harness/originals.ts'
import { type Sandbox, sandboxTest, until } from './harness/sandbox.ts'
import { startTeud } from './harness/stack.ts'
import { Terminal } from './harness/terminal.ts'

/** Our stack with a registry beside it, and the docker CLI on its socket. */
async function stack(sandbox: Sandbox) {
  const registry = await startRegistry(sandbox)
  const engine = await startTeud(sandbox)
  const run = (...args: string[]) => docker(sandbox, engine.socket, ...args)
  const output = async (...args: string[]) => {
    const result = await run(...args)
    assert.equal(result.status, 0, `docker ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const image = `${registry.address}/busybox`
  return { registry, engine, run, output, image }
}

sandboxTest('pull, images, inspect, history, tag, push and rmi', async (sandbox) => {
  const { output, run, image } = await stack(sandbox)
  const pulled = await output('pull', image)
  assert.match(pulled, /^Using default tag: latest\nlatest: Pulling from busybox\n/)
  assert.match(pulled, /Pull complete[\s\S]*Digest: sha256:[0-9a-f]{64}\nStatus: Downloaded newer image for /)
  assert.match(await output('pull', image), /Status: Image is up to date for /)
  assert.match(await output('images'), new RegExp(`${image} +latest +[0-9a-f]{12} `))
  const [inspected] = JSON.parse(await output('inspect', image))
  assert.deepEqual(inspected.Config.Cmd, ['sh'])
  assert.match(await output('history', image), /root file system of busybox/)
  await output('tag', image, `${image}:again`)
  assert.match(await output('push', `${image}:again`), /again: digest: sha256:[0-9a-f]{64} size: \d+/)
  assert.match(await output('rmi', `${image}:again`, image), /Untagged[\s\S]*Deleted: sha256:/)
  const missing = await run('run', '--rm', `${image}:absent`, 'true')
  assert.equal(missing.status, 125)
  assert.match(missing.stderr, /manifest for .*busybox:absent not found|manifest unknown/)
})

sandboxTest('run prints, passes exit codes on, and removes', async (sandbox) => {
  const { output, run, image } = await stack(sandbox)
  await output('pull', image)
  assert.equal(await output('run', '--rm', image, 'echo', 'hi'), 'hi\n')
  assert.equal((await run('run', '--rm', image, 'sh', '-c', 'exit 42')).status, 42)
  assert.equal((await run('run', '--rm', image, 'sh', '-c', '(sleep 1000; :) & kill -9 $!; wait $!')).status, 137)
  const split = await run('run', '--rm', image, 'sh', '-c', 'echo out; echo err >&2')
  assert.deepEqual([split.stdout, split.stderr], ['out\n', 'err\n'])
  const fed = await sandbox.run(
    'docker',
    ['-H', `unix://${sandbox.path('teu.sock')}`, 'run', '-i', '--rm', image, 'wc', '-c'],
    {
      input: 'x'.repeat(100_000),
    },
  )
  assert.equal(fed.stdout, '100000\n')
  assert.equal(await output('ps', '-aq'), '')
})

sandboxTest('a missing command is 127, one that may not run is 126, a bad user is 125 or 126', async (sandbox) => {
  const { output, run, image } = await stack(sandbox)
  await output('pull', image)
  const missing = await run('run', '--rm', image, 'no-such-program')
  assert.equal(missing.status, 127, missing.stderr)
  assert.match(missing.stderr, /exec: "no-such-program": executable file not found in \$PATH/)
  const denied = await run('run', '--rm', image, '/etc/passwd')
  assert.equal(denied.status, 126, denied.stderr)
  assert.match(denied.stderr, /exec: "\/etc\/passwd": permission denied/)
  const user = await run('run', '--rm', '-u', 'nobody-here', image, 'true')
  assert.ok(user.status === 125 || user.status === 126, `${user.status} ${user.stderr}`)
  assert.match(user.stderr, /unable to find user nobody-here: no matching entries in passwd file/)
  await output('create', '--name', 'taken', image)
  const clash = await run('create', '--name', 'taken', image)
  assert.match(clash.stderr, /Conflict\. The container name "\/taken" is already in use by container "[0-9a-f]{64}"/)
  await output('rm', 'taken')
  assert.equal(await output('ps', '-aq'), '')
})

sandboxTest('detached: logs, follow, exec, ps, stop, rm', async (sandbox) => {
  const { output, run, image } = await stack(sandbox)
  await output('pull', image)
  const script = 'i=0; trap "exit 0" TERM; while :; do i=$((i+1)); echo line $i; sleep 0.2; done'
  const id = (await output('run', '-d', '--name', 'ticker', image, 'sh', '-c', script)).trim()
  assert.match(id, /^[0-9a-f]{64}$/)
  assert.match(await output('ps'), /CONTAINER ID +IMAGE +COMMAND[\s\S]*Up (Less than a second|\d+ seconds?).* ticker/)
  await until('three lines', async () => (await output('logs', 'ticker')).includes('line 3\n'))
  assert.equal(await output('exec', 'ticker', 'echo', 'inside'), 'inside\n')
  assert.equal((await run('exec', 'ticker', 'sh', '-c', 'exit 7')).status, 7)
  assert.match(
    await output('exec', '-e', 'A=b', '-w', '/tmp', '-u', '1000', 'ticker', 'sh', '-c', 'echo $A $PWD; id -u'),
    /b \/tmp\n1000/,
  )
  assert.match(await output('top', 'ticker'), /PID[\s\S]*sh -c/)
  const follow = run('logs', '-f', 'ticker')
  await output('pause', 'ticker')
  assert.match(await output('ps'), /\(Paused\)/)
  await output('unpause', 'ticker')
  await output('stop', '-t', '5', 'ticker')
  const lines = (await follow).stdout.trimEnd().split('\n')
  assert.deepEqual(
    lines,
    lines.map((_, index) => `line ${index + 1}`),
  )
  assert.equal((await output('logs', 'ticker')).trimEnd(), lines.join('\n'))
  assert.match(await output('ps', '-a'), /Exited \(0\)/)
  assert.equal(await output('wait', 'ticker'), '0\n')
  await output('start', 'ticker')
  assert.match((await run('rm', 'ticker')).stderr, /cannot remove container .* container is running/)
  await output('rm', '-f', 'ticker')
  assert.equal(await output('ps', '-aq'), '')
})

sandboxTest('an interactive terminal: typing, size, exit code', async (sandbox) => {
  const { output, engine, image } = await stack(sandbox)
  await output('pull', image)
  const terminal = new Terminal(sandbox, 'docker', ['-H', `unix://${engine.socket}`, 'run', '--rm', '-it', image, 'sh'])
  await terminal.shows('# ')
  // The CLI tells a terminal its size only once the program runs.
  await terminal.answers('stty size; tty\n', /30 100\s+\/dev\/(console|pts\/0)/)
  await terminal.takesSize()
  terminal.type('exit 3\n')
  assert.equal(await terminal.ends(), 3)
  await until('the container is removed', async () => (await output('ps', '-aq')) === '')
})

sandboxTest('limits, users, mounts and environment reach the container', async (sandbox) => {
  const { output, image } = await stack(sandbox)
  await output('pull', image)
  const run = (...args: string[]) => output('run', '--rm', ...args)
  const limit = await run(
    '--memory',
    '64m',
    '--pids-limit',
    '50',
    '--cpus',
    '0.5',
    image,
    'sh',
    '-c',
    'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us',
  )
  assert.equal(limit, '67108864\n50\n50000\n')
  assert.equal(await run('-u', 'user', image, 'id'), 'uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)\n')
  assert.match(await run('-e', 'FOO=bar', '-h', 'box', image, 'env'), /HOSTNAME=box\nFOO=bar\nHOME=\/root/)
  assert.match(
    await run(image, 'grep', '-E', 'Cap(Bnd|Eff)|NoNewPrivs|Seccomp:', '/proc/self/status'),
    /CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2/,
  )
  assert.match(await run('--cap-drop', 'all', image, 'grep', 'CapEff', '/proc/self/status'), /0000000000000000/)
  const shared = sandbox.path('home')
  await run('-v', `${shared}:/data`, image, 'sh', '-c', 'echo kept >/data/file')
  assert.equal(
    await run(
      '-v',
      `${shared}:/data:ro`,
      image,
      'sh',
      '-c',
      'cat /data/file; touch /data/x 2>/dev/null || echo refused',
    ),
    'kept\nrefused\n',
  )
  assert.equal(
    await run(
      '--read-only',
      '--tmpfs',
      '/scratch',
      image,
      'sh',
      '-c',
      'touch /scratch/x && touch /y 2>/dev/null || echo refused',
    ),
    'refused\n',
  )
})

sandboxTest('containers on the bridge reach one another', async (sandbox) => {
  const { output, image } = await stack(sandbox)
  await output('pull', image)
  await output('run', '-d', '--name', 'server', image, 'sh', '-c', 'while :; do echo served | nc -l -p 7; done')
  const address = (await output('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'server')).trim()
  assert.match(address, /^\d+\.\d+\.\d+\.\d+$/)
  await until(
    'the server answers',
    async () => (await output('run', '--rm', image, 'sh', '-c', `nc -w 2 ${address} 7 </dev/null || :`)) === 'served\n',
  )
  assert.match(await output('run', '--rm', '--network', 'none', image, 'ip', '-o', 'addr'), /^(1: lo [^\n]*\n)+$/)
  await output('rm', '-f', 'server')
})

sandboxTest('a Debian image: a large layer, a dynamic program, another user, export and load', async (sandbox) => {
  const { address } = await startRegistry(sandbox, ['debian'])
  const engine = await startTeud(sandbox)
  const output = async (...args: string[]) => {
    const result = await docker(sandbox, engine.socket, ...args)
    assert.equal(result.status, 0, `docker ${args.join(' ')}\n${result.stdout}${result.stderr}`)
    return result.stdout
  }
  const image = `${address}/debian`
  assert.match(await output('run', '--rm', image, 'cat', '/etc/os-release'), /VERSION_CODENAME=bookworm/)
  assert.equal(await output('run', '--rm', '-u', 'nobody', image, 'id', '-un'), 'nobody\n')
  assert.match(await output('run', '--rm', image, 'perl', '-e', 'print "perl $]\n"'), /^perl 5/)
  await output('save', '-o', sandbox.path('debian.tar'), image)
  await output('rmi', image)
  assert.match(await output('load', '-i', sandbox.path('debian.tar')), new RegExp(`Loaded image: ${image}:latest`))
  assert.equal(await output('run', '--rm', image, 'true'), '')
})
