// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync } from 'node:fs'
import { native } from '../../native/load.ts'
import type { DeviceRule } from '../resources.ts'
import { compileDeviceProgram } from './device-program.ts'

const allowMulti = 2

/**
 * Makes the device rules those of a cgroup: the new program is attached before the old ones are detached, so that
 * there is no moment without. All attached programs must allow an access, so in between both lists hold.
 *
 * @internal
 */
export function attachDeviceProgram(folder: string, rules: readonly DeviceRule[]): void {
  const addon = native()
  const cgroup = openSync(folder, 'r')
  try {
    const former = addon.bpfQueryDevice(cgroup)
    const program = addon.bpfLoadDevice(compileDeviceProgram(rules))
    try {
      addon.bpfAttachDevice(program, cgroup, allowMulti)
    } finally {
      closeSync(program)
    }
    for (const id of former) detach(cgroup, id)
  } finally {
    closeSync(cgroup)
  }
}

function detach(cgroup: number, id: number): void {
  const program = native().bpfProgramById(id)
  try {
    native().bpfDetachDevice(program, cgroup)
  } finally {
    closeSync(program)
  }
}
