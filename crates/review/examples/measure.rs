//! What reading, comparing and scanning two sources cost: `measure OLD NEW`.

use std::io::{self, Write};
use std::time::Instant;

use palisade_review::{Budget, Comparison, Material, Materials, Scanner, Severity};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let [old, new] = names.as_slice() else {
        return Err("two sources are needed".into());
    };
    let begun = Instant::now();
    let budget = Budget::default();
    let (old, new) = std::thread::scope(|scope| {
        let reading = scope.spawn(|| Material::open(old)?.read(&budget));
        let new = Material::open(new).and_then(|new| new.read(&budget));
        (reading.join(), new)
    });
    let (old, new) = (old.map_err(|_| "reading ended")??, new?);
    let read = begun.elapsed();
    let comparison = Comparison::of(&old, &new);
    let compared = begun.elapsed();
    let scan = Scanner::builtin()?.scan(Materials::of(Some(&old), &new));
    let scanned = begun.elapsed();
    let loud = |signal: &&palisade_review::Signal| signal.severity > Severity::Note;
    writeln!(
        io::stdout(),
        "{} + {} files, {} changes, {} signals ({} above a note); read {read:?}, compared {compared:?}, \
         scanned {scanned:?}",
        old.files.len(),
        new.files.len(),
        comparison.changes.len(),
        scan.signals.len(),
        scan.signals.iter().filter(loud).count(),
    )?;
    Ok(())
}
