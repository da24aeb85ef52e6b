#!/bin/sh
# Run by the mysql image when its folder is new: who only reads gets a user that can only read.
set -eu
mysql --user=root --password="$MYSQL_ROOT_PASSWORD" <<SQL
CREATE USER 'reader'@'%' IDENTIFIED BY '$READER_PASSWORD';
GRANT SELECT ON fashion.* TO 'reader'@'%';
SQL
