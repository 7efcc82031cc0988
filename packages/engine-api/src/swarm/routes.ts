// SPDX-License-Identifier: Apache-2.0

/**
 * First path segments of the endpoints of a cluster manager. A node without one answers 503 with
 * {@link notASwarmManager} to all of them.
 *
 * @public
 */
export const swarmPaths = ['swarm', 'nodes', 'services', 'tasks', 'secrets', 'configs'] as const

/** The text that a node outside a cluster answers with. @public */
export const notASwarmManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
