// SPDX-License-Identifier: Apache-2.0

/** The kinds of hook, in the order in which a container's life reaches them. @public */
export const hookKinds = [
  'prestart',
  'createRuntime',
  'createContainer',
  'startContainer',
  'poststart',
  'poststop',
] as const

/** One of {@link hookKinds}. @public */
export type HookKind = (typeof hookKinds)[number]

/**
 * Programs that the runtime runs along the way, each kind in the order listed. All get the container's state as JSON
 * on their standard input.
 *
 * - `prestart` (deprecated) and `createRuntime`: after the namespaces exist, before the root is pivoted; run in the runtime's namespaces.
 * - `createContainer`: at the same moment, in the container's namespaces with paths of the host's mounts.
 * - `startContainer`: on start, in the container, just before the program.
 * - `poststart`: after the program was started, in the runtime's namespaces.
 * - `poststop`: after the container was deleted; a failure is a warning only.
 *
 * @public
 */
export type Hooks = { [kind in HookKind]?: Hook[] }

/** One program to run. @public */
export interface Hook {
  /** Absolute. */
  path: string
  /** The whole argv, `args[0]` included. Absent means `[path]`. */
  args?: string[]
  /** `NAME=value` strings; absent means an empty environment. */
  env?: string[]
  /** Seconds, more than 0, after which the hook is killed and counts as failed. Absent means no limit. */
  timeout?: number
}
