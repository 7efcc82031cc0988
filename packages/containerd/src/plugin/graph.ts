// SPDX-License-Identifier: Apache-2.0
import { StackError } from '@teu/errors'
import { type Plugin, uriOf } from './plugin.ts'

/**
 * Plugins in an order in which each comes after those of the types that it requires; else in the order given.
 *
 * @throws `invalid-argument` for two of the same name or a circle of requirements
 */
export function orderPlugins(plugins: readonly Plugin[]): Plugin[] {
  const names = new Set<string>()
  for (const { key } of plugins) {
    if (names.has(uriOf(key))) throw new StackError('invalid-argument', `plugin ${uriOf(key)} is there twice`)
    names.add(uriOf(key))
  }
  const ordered: Plugin[] = []
  const state = new Map<Plugin, 'visiting' | 'done'>()
  const visit = (plugin: Plugin): void => {
    if (state.get(plugin) === 'done') return
    if (state.get(plugin) === 'visiting')
      throw new StackError('invalid-argument', `plugin ${uriOf(plugin.key)} requires itself through others`)
    state.set(plugin, 'visiting')
    for (const type of plugin.requires)
      for (const other of plugins) if (other !== plugin && other.key.type === type) visit(other)
    state.set(plugin, 'done')
    ordered.push(plugin)
  }
  for (const plugin of plugins) visit(plugin)
  return ordered
}
