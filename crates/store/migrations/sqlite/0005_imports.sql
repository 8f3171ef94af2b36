-- Of what an import spoke, such as a branch with its repository, and what has to be told of it.
ALTER TABLE import ADD COLUMN about TEXT NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN remark TEXT;
