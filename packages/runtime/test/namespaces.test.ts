// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { chownSync, mkdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LinuxNamespaceType, Spec } from '@teu/oci-spec/runtime'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

const files = { pid: 'pid', network: 'net', ipc: 'ipc', uts: 'uts', cgroup: 'cgroup' } as const

test('namespaces are new, joined by path, or the own ones', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running((spec) => {
    spec.hostname = 'first'
  })
  const { pid } = await workshop.runtime.state(id)
  const script = Object.values(files)
    .map((name) => `readlink /proc/self/ns/${name}`)
    .join(';')
  const read = async (change: SpecChange) => {
    const { output } = await workshop.run(['sh', '-c', `${script}; hostname`], change)
    return output.trim().split('\n')
  }
  const joined = await read((spec) => {
    delete (spec as Spec).hostname
    for (const [type, file] of Object.entries(files))
      setPath(spec, type as LinuxNamespaceType, `/proc/${pid}/ns/${file}`)
  })
  assert.deepEqual(
    joined.slice(0, 5),
    Object.values(files).map((file) => readlinkSync(`/proc/${pid}/ns/${file}`)),
  )
  assert.equal(joined[5], 'first')

  const fresh = await read(() => {})
  for (const [index, file] of Object.values(files).entries()) {
    assert.notEqual(fresh[index], readlinkSync(`/proc/self/ns/${file}`), file)
    assert.notEqual(fresh[index], joined[index], file)
  }

  const own = await read((spec) => {
    spec.linux.namespaces = [{ type: 'mount' }]
    delete (spec as Spec).hostname
  })
  assert.deepEqual(
    own.slice(0, 5),
    Object.values(files).map((file) => readlinkSync(`/proc/self/ns/${file}`)),
  )
})

test('killing the init of a container without a pid namespace takes all of its processes', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running((spec) => {
    spec.linux.namespaces = spec.linux.namespaces?.filter(({ type }) => type !== 'pid') ?? []
    spec.process.args = ['sh', '-c', 'sleep 1000 & sleep 1000 & wait']
  })
  while ((await workshop.runtime.ps(id)).length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
  await workshop.runtime.kill(id, 9)
  while ((await workshop.runtime.ps(id)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
})

test('a path that is no namespace is refused, and so is one that is missing', rooted, async () => {
  await using workshop = new Workshop()
  const refused = (path: string) => workshop.run(['true'], (spec) => setPath(spec, 'network', path))
  await assert.rejects(refused('/nope'), /open \/nope: no such file or directory/)
  await assert.rejects(refused('/etc/passwd'), /setns: invalid argument/)
})

test('a time namespace has the offsets of the spec', rooted, async () => {
  await using workshop = new Workshop()
  const { output } = await workshop.run(['cat', '/proc/uptime'], (spec) => {
    spec.linux.namespaces?.push({ type: 'time' })
    spec.linux.timeOffsets = { boottime: { secs: 1_000_000, nanosecs: 0 } }
  })
  assert.ok(Number(output.split(' ')[0]) > 1_000_000)
})

test('a user namespace maps ids, and the container works in it', rooted, async () => {
  await using workshop = new Workshop()
  const shared = join(workshop.directory, 'shared')
  mkdirSync(shared, { mode: 0o700 })
  chownSync(shared, 100_000, 100_000)
  const script =
    'cat /proc/self/uid_map; id -u; touch /tmp/made; stat -c %u /tmp; stat -c %T:%t /dev/null; echo x > /dev/null; cat /proc/keys | wc -c; ls /sys/fs/cgroup; hostname'
  const { exitCode, output } = await workshop.run(['sh', '-c', script], (spec) => {
    intoUserNamespace(spec)
    spec.mounts.push({ destination: '/tmp', type: 'bind', source: shared, options: ['rbind', 'rprivate'] })
    spec.hostname = 'mapped'
  })
  assert.equal(exitCode, 0, output)
  assert.match(output, /^ +0 +100000 +65536\n0\n0\n3:1\n0\n/)
  assert.match(output, /mapped\n$/)
  assert.equal(statSync(join(shared, 'made')).uid, 100_000)
})

test('an exec enters the user namespace', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running(intoUserNamespace)
  const { output } = await workshop.exec(id, ['sh', '-c', 'id -u; cat /proc/self/uid_map'])
  assert.match(output, /^0\n +0 +100000 +65536\n$/)
})

test('maps that the kernel refuses are an error that names them', rooted, async () => {
  await using workshop = new Workshop()
  await assert.rejects(
    workshop.run(['true'], (spec) => {
      intoUserNamespace(spec)
      spec.linux.uidMappings = [
        { containerID: 0, hostID: 1, size: 10 },
        { containerID: 5, hostID: 100, size: 10 },
      ]
    }),
    /linux\.uidMappings: the kernel refuses them/,
  )
})

test('a device that a user namespace cannot have is told of in the words of the originals', rooted, async () => {
  await using workshop = new Workshop()
  await assert.rejects(
    workshop.run(['true'], (spec) => {
      intoUserNamespace(spec)
      spec.linux.devices = [{ path: '/dev/absent', type: 'c', major: 10, minor: 250 }]
    }),
    /error during container init: error creating device nodes: mount \/dev\/absent: no such file or directory$/,
  )
})

function intoUserNamespace(spec: Parameters<SpecChange>[0]): void {
  spec.linux.namespaces?.push({ type: 'user' })
  spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
  spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
}

function setPath(spec: Parameters<SpecChange>[0], type: LinuxNamespaceType, path: string): void {
  const others = spec.linux.namespaces?.filter((namespace) => namespace.type !== type) ?? []
  spec.linux.namespaces = [...others, { type, path }]
  if (type === 'uts') delete (spec as Spec).hostname
}
