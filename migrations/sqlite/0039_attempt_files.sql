-- What was kept of the files of a worktree when an attempt in it began; jj_pointer is what they were when it ended.
ALTER TABLE _smithers_attempts ADD COLUMN jj_base_pointer TEXT;
