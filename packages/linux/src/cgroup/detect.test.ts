// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { createCgroupManager } from './create-manager.ts'
import { detectCgroups, parseCgroupFile } from './detect.ts'

const v1 = {
  mountinfo: `31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs rw
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
33 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
34 31 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,release_agent=/lib/systemd/agent,name=systemd
`,
  selfCgroup: '4:memory:/user/1\n3:cpu,cpuacct:/\n1:name=systemd:/user.slice\n',
}
const hybrid = {
  mountinfo: `${v1.mountinfo}35 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n`,
  selfCgroup: `${v1.selfCgroup}0::/user.slice\n`,
  unifiedControllers: () => '\n',
}
const v2 = {
  mountinfo: '31 23 0:28 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n',
  selfCgroup: '0::/system.slice/teu.service\n',
  unifiedControllers: (mountPoint: string) => (mountPoint === '/sys/fs/cgroup' ? 'cpuset cpu io memory pids\n' : ''),
}

test('pure v1: controllers, named hierarchies and own paths', () => {
  const setup = detectCgroups(v1)
  assert.equal(setup.mode, 'v1')
  assert.equal(setup.unified, undefined)
  assert.deepEqual(
    setup.hierarchies.map(({ controllers, own }) => [controllers, own]),
    [
      [['cpu', 'cpuacct'], '/'],
      [['memory'], '/user/1'],
      [['name=systemd'], '/user.slice'],
    ],
  )
})

test('hybrid: v1 controllers beside a unified hierarchy', () => {
  const setup = detectCgroups(hybrid)
  assert.equal(setup.mode, 'hybrid')
  assert.deepEqual(setup.unified, {
    mountPoint: '/sys/fs/cgroup/unified',
    root: '/',
    own: '/user.slice',
    controllers: [],
  })
})

test('v2: one hierarchy with its controllers', () => {
  const setup = detectCgroups(v2)
  assert.equal(setup.mode, 'v2')
  assert.deepEqual(setup.unified?.controllers, ['cpuset', 'cpu', 'io', 'memory', 'pids'])
  assert.deepEqual(setup.hierarchies, [])
})

test('v2 with nothing but a named v1 hierarchy is v2', () => {
  const mountinfo = `${v2.mountinfo}34 31 0:31 / /sys/fs/cgroup/x rw - cgroup cgroup rw,name=systemd\n`
  assert.equal(detectCgroups({ ...v2, mountinfo, selfCgroup: `${v2.selfCgroup}1:name=systemd:/\n` }).mode, 'v2')
})

test('no cgroups at all', () => {
  const setup = detectCgroups({ mountinfo: '1 0 8:1 / / rw - ext4 /dev/sda rw\n', selfCgroup: '' })
  assert.equal(setup.mode, 'none')
  assert.throws(() => createCgroupManager({ path: '/x', setup }), /no cgroup hierarchy/)
})

test('a hierarchy mounted twice counts once, the first place', () => {
  const mountinfo = `${v1.mountinfo}60 23 0:30 / /other/memory rw - cgroup cgroup rw,memory\n`
  const memory = detectCgroups({ ...v1, mountinfo }).hierarchies.filter((h) => h.controllers.includes('memory'))
  assert.deepEqual(
    memory.map(({ mountPoint }) => mountPoint),
    ['/sys/fs/cgroup/memory'],
  )
})

test('a path in a cgroup file may hold colons', () => {
  assert.equal(parseCgroupFile('0::/a:b\n').get(''), '/a:b')
})

test('absolute paths start at the mount, relative ones at the own cgroup', () => {
  const absolute = createCgroupManager({ path: '/teu/c1', setup: detectCgroups(hybrid) })
  assert.equal(absolute.version, 1)
  assert.equal(absolute.paths.memory, '/sys/fs/cgroup/memory/teu/c1')
  assert.equal(absolute.paths.cpuacct, '/sys/fs/cgroup/cpu,cpuacct/teu/c1')
  assert.equal(absolute.paths[''], '/sys/fs/cgroup/unified/teu/c1')
  const relative = createCgroupManager({ path: 'c1', setup: detectCgroups(v2) })
  assert.equal(relative.version, 2)
  assert.deepEqual(relative.paths, { '': '/sys/fs/cgroup/system.slice/teu.service/c1' })
})

test('no path leads out of a hierarchy', () => {
  const setup = detectCgroups(v1)
  for (const path of ['/../../etc', '../../../etc', '/a/../../../etc']) {
    const memory = createCgroupManager({ path, setup }).paths.memory as string
    assert.ok(memory.startsWith('/sys/fs/cgroup/memory/'), memory)
  }
})

test('in a container without cgroup namespace the own path is relative to what is mounted', () => {
  const mountinfo = '32 31 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n'
  const setup = detectCgroups({ mountinfo, selfCgroup: '4:memory:/docker/abc/inner\n' })
  assert.equal(createCgroupManager({ path: 'c1', setup }).paths.memory, '/sys/fs/cgroup/memory/inner/c1')
})

test('saved paths win', () => {
  const paths = { memory: '/sys/fs/cgroup/memory/old' }
  assert.deepEqual(createCgroupManager({ path: '/new', paths, setup: detectCgroups(v1) }).paths, paths)
})
