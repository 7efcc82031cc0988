// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultSpec } from '../src/spec/default-spec.ts'
import { program, programArguments } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const user = { uid: 1000, gid: 1000 }

test('an unprivileged user runs a container in a user namespace, without a cgroup', rooted, async (t) => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle([])
  const state = join(workshop.directory, 'own')
  mkdirSync(state)
  spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, bundle, state])
  chmodSync(bundle, 0o711)
  const call = (...args: string[]) =>
    spawnSync(process.execPath, ['--conditions=teu-source', program, '--root', state, ...args], {
      ...user,
      env: { PATH: process.env.PATH ?? '', XDG_RUNTIME_DIR: state },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: 30_000,
    })
  const spec = defaultSpec(user)
  Object.assign(spec.process ?? {}, {
    terminal: false,
    args: ['sh', '-c', 'id -u; cat /proc/self/uid_map; touch /dev/shm/x && echo made'],
  })
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))
  if (!readable(program)) return t.skip('the sources cannot be read by an unprivileged user')
  const ran = call('run', '--bundle', bundle, 'c')
  assert.equal(ran.stderr, '')
  assert.match(ran.stdout, /^0\n +0 +1000 +1\nmade\n$/)
  Object.assign(spec.process ?? {}, { args: ['sleep', '1000'] })
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))
  const output = { stdio: 'ignore' } as const
  const create = ['--conditions=teu-source', program, '--root', state, 'create', '--bundle', bundle, 'd']
  assert.equal(spawnSync(process.execPath, create, { ...user, ...output }).status, 0)
  assert.equal(JSON.parse(call('state', 'd').stdout).status, 'created')
  assert.equal(call('start', 'd').status, 0)
  assert.equal(JSON.parse(call('state', 'd').stdout).status, 'running')
  assert.equal(call('exec', 'd', 'id', '-u').stdout, '0\n')
  assert.match(call('pause', 'd').stderr, /container has no cgroup/)
  assert.equal(call('delete', '--force', 'd').status, 0)
})

const withNewuidmap = {
  ...rooted,
  skip:
    rooted.skip ||
    (['/usr/bin/newuidmap', '/usr/bin/setpriv', '/etc/subuid', '/etc/subgid'].every((file) => existsSync(file))
      ? false
      : 'needs newuidmap with /etc/subuid and /etc/subgid, and setpriv'),
}

test('an unprivileged user maps more than itself through newuidmap and newgidmap', withNewuidmap, async (t) => {
  await using workshop = new Workshop()
  if (!readable(program)) return t.skip('the sources cannot be read by an unprivileged user')
  const nobody = 65_534
  const bundle = workshop.bundle([])
  const state = join(workshop.directory, 'own')
  mkdirSync(state)
  spawnSync('chown', ['-R', `${nobody}:${nobody}`, bundle, state])
  chmodSync(bundle, 0o755)
  const maps = join(workshop.directory, 'subids')
  writeFileSync(maps, 'nobody:200000:1000\n')
  const spec = defaultSpec({ uid: nobody, gid: nobody })
  const mapped = [
    { containerID: 0, hostID: nobody, size: 1 },
    { containerID: 1, hostID: 200_000, size: 1000 },
  ]
  Object.assign(spec.linux ?? {}, { uidMappings: mapped, gidMappings: mapped })
  const script = 'id -u; id -G; cat /proc/self/uid_map /proc/self/gid_map'
  const own = { uid: 5, gid: 6, additionalGids: [7] }
  Object.assign(spec.process ?? {}, { terminal: false, user: own, args: ['sh', '-c', script] })
  const call = (args: string[], stdio: 'pipe' | 'ignore' = 'pipe') => {
    const command = [...programArguments, '--rootless', 'true', '--root', state, ...args]
    const drop = ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups']
    // The user's ranges are those of this test, in a mount namespace of its own.
    const line = `for f in uid gid; do mount --bind ${maps} /etc/sub$f; done; exec "$@"`
    return spawnSync('unshare', ['--mount', 'sh', '-c', line, 'sh', ...drop, process.execPath, ...command], {
      encoding: 'utf8',
      timeout: 30_000,
      stdio,
    })
  }
  const write = () => writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))
  const run = (change: object = {}) => {
    Object.assign(spec.linux ?? {}, change)
    write()
    return call(['run', '--bundle', bundle, 'c'])
  }
  const ran = run()
  assert.equal(ran.stderr, '')
  const map = ' +0 +65534 +1\n +1 +200000 +1000\n'
  assert.match(ran.stdout, new RegExp(`^5\n6 7\n${map}${map}$`))
  Object.assign(spec.process ?? {}, { args: ['sleep', '1000'] })
  write()
  assert.equal(call(['create', '--bundle', bundle, 'd'], 'ignore').status, 0)
  assert.equal(call(['start', 'd']).status, 0)
  const { pid, status, owner } = JSON.parse(call(['state', 'd']).stdout)
  assert.deepEqual([status, owner], ['running', 'nobody'])
  // To the host they are the user's subordinate ids, in the container any of the range.
  assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^Uid:\t200004\t[\s\S]*^Gid:\t200005\t/m)
  const exec = call(['exec', '--user', '9:10', 'd', 'sh', '-c', 'id -u; id -g; cat /proc/self/uid_map; exit 6'])
  assert.equal(exec.status, 6)
  assert.match(exec.stdout, new RegExp(`^9\n10\n${map}$`))
  assert.match(call(['exec', '--user', '5000', 'd', 'true']).stderr, /invalid argument/i)
  assert.equal(call(['kill', 'd', 'KILL']).status, 0)
  const ended = () => JSON.parse(call(['state', 'd']).stdout).status === 'stopped'
  for (let tries = 0; !ended() && tries < 50; tries++);
  assert.equal(call(['delete', 'd']).stderr, '')
  assert.match(call(['state', 'd']).stderr, /container does not exist/)
  const beyond = run({ uidMappings: [...mapped, { containerID: 2000, hostID: 300_000, size: 1 }] })
  assert.match(beyond.stderr, /write the uid map: .*newuidmap/)
})

function readable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return spawnSync('test', ['-r', file], user).status === 0
  } catch {
    return false
  }
}
