"""Every statement that operations send, but for the role limits (`headroom.budget.roles`).

PostgreSQL 13 and later; Aurora MySQL 3 (MySQL 8.0). `%%` and `%s` are the drivers'.
"""

POSTGRESQL_LIMITS = """
SELECT current_setting('max_connections')::int,
       current_setting('superuser_reserved_connections')::int
         + coalesce(nullif(current_setting('rds.rds_superuser_reserved_connections', true), '')::int, 0)
         + coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),
       pg_is_in_recovery()
"""

# A user without pg_read_all_stats sees others' sessions with nothing in them: they are counted all the same.
POSTGRESQL_SESSIONS = """
SELECT pid, usename, application_name, host(client_addr), state,
       extract(epoch FROM clock_timestamp() - coalesce(state_change, backend_start)),
       wait_event_type, wait_event,
       CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) END,
       query
  FROM pg_stat_activity
 WHERE coalesce(backend_type, 'client backend') = 'client backend' AND usesysid IS NOT NULL
   AND pid <> pg_backend_pid()
 ORDER BY pid
"""

AURORA_POSTGRESQL_LAG = (
    "SELECT max(replica_lag_in_msec) FROM aurora_replica_status() WHERE session_id <> 'MASTER_SESSION_ID'"
)
POSTGRESQL_LAG = "SELECT max(extract(epoch FROM replay_lag) * 1000) FROM pg_stat_replication"

MYSQL_LIMITS = "SELECT @@max_connections, @@innodb_read_only"

# Idle inside a transaction: asleep, while InnoDB has a transaction of its thread.
MYSQL_SESSIONS = """
SELECT p.ID, p.USER, p.HOST,
       CASE WHEN p.COMMAND <> 'Sleep' THEN 'active'
            WHEN t.trx_id IS NOT NULL THEN 'idle in transaction'
            ELSE 'idle' END,
       p.TIME, p.INFO
  FROM information_schema.PROCESSLIST AS p
  LEFT JOIN information_schema.INNODB_TRX AS t ON t.trx_mysql_thread_id = p.ID
 WHERE p.ID <> CONNECTION_ID() AND p.COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')
 ORDER BY p.ID
"""

MYSQL_LOCKS = """
SELECT waiting.trx_mysql_thread_id, holding.trx_mysql_thread_id
  FROM performance_schema.data_lock_waits AS w
  JOIN information_schema.INNODB_TRX AS waiting ON waiting.trx_id = w.REQUESTING_ENGINE_TRANSACTION_ID
  JOIN information_schema.INNODB_TRX AS holding ON holding.trx_id = w.BLOCKING_ENGINE_TRANSACTION_ID
"""

AURORA_MYSQL_LAG = (
    "SELECT max(REPLICA_LAG_IN_MILLISECONDS) FROM information_schema.replica_host_status "
    "WHERE SESSION_ID <> 'MASTER_SESSION_ID'"
)

POSTGRESQL_ROLES = "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname = ANY(%s)"
# Of a role everywhere (no database), and of a role in one database, which is stronger.
POSTGRESQL_LOCK_TIMEOUTS = """
SELECT r.rolname, d.datname, split_part(one.setting, '=', 2)
  FROM pg_db_role_setting AS s
  JOIN pg_roles AS r ON r.oid = s.setrole
  LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL unnest(s.setconfig) AS one(setting)
 WHERE r.rolname = ANY(%s) AND split_part(one.setting, '=', 1) = 'lock_timeout'
"""
MYSQL_ROLES = "SELECT User, Host, max_user_connections FROM mysql.user WHERE User IN ({places})"

POSTGRESQL_COUNT = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
MYSQL_COUNT = "SELECT count(*) FROM information_schema.PROCESSLIST WHERE USER = %s"

# Asked again in the same statement that ends it: a session that went on meanwhile is left alone.
POSTGRESQL_TERMINATE = """
SELECT pid, pg_terminate_backend(pid)
  FROM pg_stat_activity
 WHERE pid = %s AND state LIKE 'idle in transaction%%' AND backend_type = 'client backend'
   AND state_change < clock_timestamp() - make_interval(secs => %s)
"""
MYSQL_TERMINATE = "KILL CONNECTION %s"
