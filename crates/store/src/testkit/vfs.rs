//! A disk that fails on request, under the real SQLite code: a VFS that passes everything on to the system's,
//! except the write or sync that is to fail.
//!
//! SQLite opens a file by calling the VFS, which fills in a table of functions for it. Ours lets the system's
//! VFS open the file and then puts a copy of that table in its place in which writing and syncing are
//! ours. The copy begins with the table itself, so that a pointer to one is a pointer to the other, and
//! carries the original table and the disk behind it.

#![expect(
    unsafe_code,
    reason = "a VFS is a table of C functions; every block says why it is sound"
)]

use std::ffi::{CString, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rusqlite::ffi;

/// What the disk is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Write bytes, to the log or to the database.
    Write,
    /// Make written bytes durable.
    Sync,
}

/// Which file an operation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Any of them.
    Anywhere,
    /// The main file, which only checkpoints write.
    Database,
}

/// A fault to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskFault {
    /// Which operation fails.
    pub operation: Operation,
    /// On which file.
    pub place: Place,
    /// Which one, counted from 1 after arming.
    pub nth: u64,
    /// The disk is full, instead of broken.
    pub full: bool,
    /// Everything after it fails as well, until healed.
    pub lasting: bool,
}

/// A disk of its own for one store: name its VFS in [`SqliteOptions::vfs`](crate::SqliteOptions).
pub struct FaultyDisk {
    state: Arc<State>,
    name: String,
}

#[derive(Default)]
struct State {
    armed: Mutex<Option<Armed>>,
    strikes: AtomicU64,
}

#[derive(Clone, Copy)]
struct Armed {
    fault: DiskFault,
    seen: u64,
}

impl FaultyDisk {
    /// Registers a new disk, healthy so far. It stays registered until the process ends.
    pub fn install() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let name = format!("faulty-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let state = Arc::<State>::default();
        register(&name, state.clone());
        Self { state, name }
    }

    /// Name to open connections with.
    pub fn vfs(&self) -> String {
        self.name.clone()
    }

    /// Arms a fault, in place of one that was armed before.
    pub fn fail(&self, fault: DiskFault) {
        *self.state.armed.lock() = Some(Armed { fault, seen: 0 });
    }

    /// Everything works again.
    pub fn heal(&self) {
        *self.state.armed.lock() = None;
    }

    /// How many operations have failed.
    pub fn strikes(&self) -> u64 {
        self.state.strikes.load(Ordering::SeqCst)
    }
}

impl State {
    /// Returns the fault that this operation meets.
    fn strike(&self, operation: Operation, on_database: bool) -> Option<DiskFault> {
        let mut slot = self.armed.lock();
        let armed = slot.as_mut()?;
        let fault = armed.fault;
        let elsewhere = fault.place == Place::Database && !on_database;
        let counts = operation == fault.operation && !elsewhere;
        if counts {
            armed.seen += 1;
        }
        let hit = counts && armed.seen == fault.nth;
        let lasts = fault.lasting && !elsewhere && armed.seen >= fault.nth;
        if !hit && !lasts {
            return None;
        }
        self.strikes.fetch_add(1, Ordering::SeqCst);
        Some(fault)
    }
}

/// A registered VFS; the table comes first, so that SQLite's pointer to it is a pointer to this.
#[repr(C)]
struct Vfs {
    table: ffi::sqlite3_vfs,
    system: *mut ffi::sqlite3_vfs,
    state: Arc<State>,
}

/// Functions of an open file; the table comes first, for the same reason.
#[repr(C)]
struct Methods {
    table: ffi::sqlite3_io_methods,
    original: *const ffi::sqlite3_io_methods,
    on_database: bool,
    state: Arc<State>,
}

impl Methods {
    fn strike(&self, operation: Operation) -> Option<DiskFault> {
        self.state.strike(operation, self.on_database)
    }
}

fn register(name: &str, state: Arc<State>) {
    let name = CString::new(name).expect("the name is ours").into_raw();
    // SAFETY: null asks for the default VFS, which is static.
    let system = unsafe { ffi::sqlite3_vfs_find(std::ptr::null()) };
    assert!(!system.is_null(), "SQLite has a VFS on this system");
    // SAFETY: just checked; the table is plain data, and all of its functions but `xOpen` take a VFS only to
    // ignore it, so that they work with the copy as well.
    let mut table = unsafe { *system };
    table.zName = name;
    table.pNext = std::ptr::null_mut();
    table.xOpen = Some(open);
    let vfs = Box::leak(Box::new(Vfs {
        table,
        system,
        state,
    }));
    // SAFETY: the VFS and its name are leaked, so they outlive every use.
    let code = unsafe { ffi::sqlite3_vfs_register(&raw mut vfs.table, 0) };
    assert_eq!(code, ffi::SQLITE_OK, "the name is new");
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes the pointer that was registered, which begins a `Vfs`.
    let vfs = unsafe { &*vfs.cast::<Vfs>() };
    // SAFETY: the arguments are SQLite's own, for the VFS that it would have called by itself; the file has
    // room for the system's structure, as our `szOsFile` is a copy of the system's.
    let code = unsafe {
        let open = (*vfs.system).xOpen.expect("every VFS opens files");
        open(vfs.system, name, file, flags, out_flags)
    };
    // SAFETY: `file` is valid for as long as SQLite has it open; a failed open may leave no table.
    unsafe {
        if code == ffi::SQLITE_OK && !(*file).pMethods.is_null() {
            let on_database = flags & ffi::SQLITE_OPEN_MAIN_DB != 0;
            (*file).pMethods = patched((*file).pMethods, on_database, vfs.state.clone());
        }
    }
    code
}

/// Leaks one table for each file that is opened: a few hundred bytes, in tests only.
///
/// # Safety
/// `original` must point to a table that lives for ever, as those of the system's VFS do.
unsafe fn patched(
    original: *const ffi::sqlite3_io_methods,
    on_database: bool,
    state: Arc<State>,
) -> *const ffi::sqlite3_io_methods {
    // SAFETY: promised by the caller.
    let mut table = unsafe { *original };
    table.xWrite = Some(write);
    table.xSync = Some(sync);
    let methods = Box::leak(Box::new(Methods {
        table,
        original,
        on_database,
        state,
    }));
    &raw const methods.table
}

/// Returns the functions of a file that [`open`] has opened.
///
/// # Safety
/// `file` must be open and its table one of ours; SQLite calls our functions on no other.
unsafe fn methods<'a>(file: *mut ffi::sqlite3_file) -> &'a Methods {
    // SAFETY: promised by the caller; our table begins a `Methods`, which is leaked.
    unsafe { &*(*file).pMethods.cast::<Methods>() }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls this for a file that has our table.
    let methods = unsafe { methods(file) };
    let fault = methods.strike(Operation::Write);
    // A failing write is torn: half of it is on the disk.
    let length = if fault.is_some() { length / 2 } else { length };
    // SAFETY: the arguments are SQLite's own, and `length` is at most what it was.
    let code = unsafe {
        let write = (*methods.original).xWrite.expect("every file is written");
        write(file, bytes, length, offset)
    };
    match fault {
        Some(DiskFault { full: true, .. }) => ffi::SQLITE_FULL,
        Some(_) => ffi::SQLITE_IOERR_WRITE,
        None => code,
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this for a file that has our table.
    let methods = unsafe { methods(file) };
    if methods.strike(Operation::Sync).is_some() {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    // SAFETY: the arguments are SQLite's own.
    unsafe {
        let sync = (*methods.original).xSync.expect("every file is synced");
        sync(file, flags)
    }
}

/// The name under which a disk is registered, for messages.
impl std::fmt::Debug for FaultyDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FaultyDisk").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, OpenFlags};

    use super::*;

    fn connection(disk: &FaultyDisk, scratch: &crate::testkit::ScratchDb) -> Connection {
        let flags = OpenFlags::default();
        let conn = Connection::open_with_flags_and_vfs(scratch.path(), flags, disk.vfs().as_str());
        conn.unwrap()
    }

    #[test]
    fn the_armed_write_fails_and_the_next_one_works() {
        let (disk, scratch) = (FaultyDisk::install(), crate::testkit::ScratchDb::new());
        let conn = connection(&disk, &scratch);
        conn.execute_batch("CREATE TABLE t (x)").unwrap();
        disk.fail(DiskFault {
            operation: Operation::Write,
            place: Place::Anywhere,
            nth: 2,
            full: true,
            lasting: false,
        });
        let error = conn.execute_batch("INSERT INTO t VALUES (1)").unwrap_err();
        assert_eq!(
            error.sqlite_error_code(),
            Some(rusqlite::ErrorCode::DiskFull)
        );
        assert_eq!(disk.strikes(), 1);
        conn.execute_batch("INSERT INTO t VALUES (2)").unwrap();
    }

    #[test]
    fn a_lasting_fault_goes_on_until_it_is_healed() {
        let (disk, scratch) = (FaultyDisk::install(), crate::testkit::ScratchDb::new());
        let conn = connection(&disk, &scratch);
        disk.fail(DiskFault {
            operation: Operation::Sync,
            place: Place::Anywhere,
            nth: 1,
            full: false,
            lasting: true,
        });
        for _ in 0..3 {
            conn.execute_batch("CREATE TABLE t (x)").unwrap_err();
        }
        disk.heal();
        conn.execute_batch("CREATE TABLE t (x)").unwrap();
    }
}
