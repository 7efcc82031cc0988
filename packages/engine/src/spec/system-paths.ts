// SPDX-License-Identifier: Apache-2.0

/** Paths that tell, or change, something of the host; they read as empty in a container. */
export const maskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]

/** Paths of procfs that root could write to. */
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

/**
 * {@link maskedPaths} and the thermal counters of every possible CPU, which a container could watch its neighbours by.
 *
 * @param cpus the number of CPUs of the host
 */
export function maskedPathsOf(cpus: number): string[] {
  const thermal = Array.from({ length: cpus }, (_, cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`)
  return [...maskedPaths, ...thermal]
}
