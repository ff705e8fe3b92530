"""What Alembic runs revisions in: the connection that `index.migrate` hands over, within its transaction.

Alembic runs this file, for whichever tables' revisions it was given; nothing imports it.
"""

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"])
context.run_migrations()
