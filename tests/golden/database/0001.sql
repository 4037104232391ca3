BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE pair_scores (
	model VARCHAR(400) NOT NULL, 
	query_hash VARCHAR(64) NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	score DOUBLE NOT NULL, 
	tokens INTEGER NOT NULL, 
	unseen_tokens INTEGER NOT NULL, 
	seen_chars INTEGER, 
	PRIMARY KEY (model, query_hash, content_hash)
);
INSERT INTO "pair_scores" VALUES('ce@1','q','c',1.5,12,2,40);
COMMIT;
