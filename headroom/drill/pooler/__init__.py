"""The reference pooler: transaction pooling before one real PostgreSQL, with RDS Proxy's settings, for drills.

It is not RDS Proxy and not for production: loopback only, no TLS. It models what a drill needs of a proxy: a pool
bounded by MaxConnectionsPercent, ConnectionBorrowTimeout, MaxIdleConnectionsPercent, and pinning on session state.

One direction: `framing` (bytes to messages) -> `conversation` (what a server connection owes, prepared statements) ->
`server_connection` -> `pool` (who gets which) -> `session` (a client) -> `pooler` (the listener). Decisions:

- **Borrowing.** A client borrows a server connection with its first message and returns it when nothing is owed and no
  transaction is open. Waiters are served in order. A client that waits longer than the borrow timeout gets an ERROR
  with SQLSTATE 08000 and RDS Proxy's words, and stays connected.
- **Identity.** A server connection belongs to one role, database and set of startup parameters (application_name and
  search_path among them): it is opened with just those, so RESET means what the client expects. Each set takes its
  connections from the same pool; when it is full, others' idle ones are closed, and a group above its equal share
  yields.
- **Prepared statements** of the extended protocol are tracked, and prepared again wherever a client lands; they don't
  pin. SQL's PREPARE, EXECUTE, DEALLOCATE and DISCARD pin, as RDS Proxy documents.
- **Pins** are those that RDS Proxy documents (`pinning`), all cursors among them. So asyncpg pins when it asks about
  types that it doesn't know (it turns jit off by set_config), and psycopg when it throws its statements away
  (DEALLOCATE ALL, after a ROLLBACK or a DROP). A pin lasts until the client leaves; then its server connection is
  closed, so nothing of its state can leak.
- **A client that vanishes** in a transaction or in the middle of a message: what runs is cancelled and its server
  connection closed, which rolls back. Its slot is free only when PostgreSQL has closed its side: the pool never exceeds
  its limit.
- **Login.** Without a password, clients and server are trusted (loopback). With one, it is every role's: clients must
  prove it by SCRAM-SHA-256, and so does the pooler to the server.
- **A server that is away** is asked again until the borrow timeout; clients that wait don't notice. Clients in a
  transaction get an error and are closed.
- **Refused, with a clear message:** replication, TLS and GSS encryption ('N', go on in clear), other protocol versions
  than 3.
- **Statistics:** the database `pooler` answers `SHOW POOL` (simple query, no password); a real one of that name is
  hidden.
- **Not modelled:** IdleClientTimeout, the initialization query, the 24 h limit, connections reserved for the proxy
  itself.
"""

from headroom.drill.pooler.pooler import Pooler
from headroom.drill.pooler.settings import PoolerSettings
from headroom.drill.pooler.stats import PoolStats

__all__ = ["PoolStats", "Pooler", "PoolerSettings"]
