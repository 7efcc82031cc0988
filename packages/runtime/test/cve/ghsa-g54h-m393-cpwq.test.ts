// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rooted } from '../kit/root.ts'
import { type SpecChange, Workshop } from '../kit/workshop.ts'

const nodes: [path: string, type: string, major: number, minor: number][] = [
  ['/dev/loop', 'b', 7, 0],
  ['/dev/mem', 'c', 1, 1],
  ['/dev/kmsg', 'c', 1, 11],
  ['/dev/fuse', 'c', 10, 229],
  ['/dev/tun', 'c', 10, 200],
  ['/dev/vda', 'b', 254, 0],
]
const make = nodes.map(([path, type, major, minor]) => `mknod ${path} ${type} ${major} ${minor}`).join('; ')
const open = (mode: string) => nodes.map(([path]) => `(true ${mode} ${path}) && echo "opened ${path}"`).join('; ')
const script = `${make}; ${open('<')}; ${open('>')}; echo x > /dev/null; cat /dev/null; echo end`

const absences: Record<string, SpecChange> = {
  'no resources': (spec) => {
    delete spec.linux.resources
  },
  'no list': (spec) => {
    spec.linux.resources = {}
  },
  'an empty list': (spec) => {
    spec.linux.resources = { devices: [] }
  },
  'a list that only denies': (spec) => {
    spec.linux.resources = { devices: [{ allow: false, access: 'rwm' }] }
  },
  'a list that denies one': (spec) => {
    spec.linux.resources = { devices: [{ allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' }] }
  },
}

const maker: SpecChange = (spec) => {
  const names = ['CAP_MKNOD', 'CAP_DAC_OVERRIDE', 'CAP_SYS_RAWIO', 'CAP_SYSLOG']
  spec.process.capabilities = { bounding: names, permitted: names, effective: names }
}

test('GHSA-g54h-m393-cpwq: devices that no rule allows are denied, whatever the spec leaves out', rooted, async () => {
  await using workshop = new Workshop()
  for (const [what, absence] of Object.entries(absences)) {
    const { output } = await workshop.run(['sh', '-c', script], (spec) => {
      maker(spec)
      absence(spec)
    })
    assert.doesNotMatch(output, /opened|mknod/, what)
    assert.equal(output.match(/Operation not permitted/g)?.length, 2 * nodes.length, `${what}: ${output}`)
    assert.match(output, /end\n$/)
    // The same for what an exec opens.
    const id = await workshop.running((spec) => {
      maker(spec)
      absence(spec)
    })
    const capabilities = { bounding: ['CAP_MKNOD'], permitted: ['CAP_MKNOD'], effective: ['CAP_MKNOD'] }
    const inExec = await workshop.exec(id, [], { process: { args: ['sh', '-c', script], capabilities } })
    assert.doesNotMatch(inExec.output, /opened|mknod/, what)
  }
})

test('GHSA-g54h-m393-cpwq, still works: a device that a rule allows, and only in its way', rooted, async () => {
  await using workshop = new Workshop()
  const uses =
    '(true < /dev/fuse) && echo read; (true > /dev/fuse) && echo written; (true < /dev/mem) && echo bad; true'
  const { output } = await workshop.run(['sh', '-c', `${make}; ${uses}`], (spec) => {
    maker(spec)
    spec.linux.resources = {
      devices: [
        { allow: false, access: 'rwm' },
        { allow: true, type: 'c', major: 1, minor: 11, access: 'r' },
      ],
    }
  })
  assert.doesNotMatch(output, /bad|^read|^written/m)
  const kmsg = await workshop.run(
    ['sh', '-c', `${make}; (true < /dev/kmsg) && echo read; (true > /dev/kmsg) && echo written; true`],
    (spec) => {
      maker(spec)
      spec.linux.resources = { devices: [{ allow: true, type: 'c', major: 1, minor: 11, access: 'r' }] }
    },
  )
  assert.match(kmsg.output, /^read$/m)
  assert.doesNotMatch(kmsg.output, /^written$/m)
})
