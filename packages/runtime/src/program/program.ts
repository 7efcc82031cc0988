// SPDX-License-Identifier: Apache-2.0
import { encodeRecords, type LaunchRecord, launchLayouts, protocolConstants, protocolVersion } from '@teu/linux'

/** One step of a launch program; what each does is said in `packages/linux/native/init`. @internal */
export type Step = LaunchRecord

/** Places in which steps keep descriptors for later steps. Bind sources come behind the named ones. @internal */
export const slots = { fifo: 0, console: 1, seccomp: 2, namespaces: 8, cgroups: 16, sources: 32 } as const

const headerLength = 16

/**
 * The bytes that `teu-init` reads first: magic, protocol version, length and count, then the steps. Throws `RangeError`
 * when a step holds what the format cannot, such as a NUL in a string.
 *
 * @internal
 */
export function encodeProgram(steps: readonly Step[]): Uint8Array {
  const body = encodeRecords(launchLayouts, steps)
  if (body.length > protocolConstants.maxProgramBytes) {
    throw new RangeError(`the launch program has ${body.length} bytes, more than ${protocolConstants.maxProgramBytes}`)
  }
  const program = Buffer.allocUnsafe(headerLength + body.length)
  program.writeUInt32LE(protocolConstants.programMagic, 0)
  program.writeUInt32LE(protocolVersion, 4)
  program.writeUInt32LE(body.length, 8)
  program.writeUInt32LE(steps.length, 12)
  program.set(body, headerLength)
  return program
}
