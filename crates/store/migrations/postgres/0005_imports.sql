-- Of what an import spoke, such as a branch with its repository, and what has to be told of it.
ALTER TABLE import ADD COLUMN about TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE import ADD COLUMN remark TEXT COLLATE "C";
