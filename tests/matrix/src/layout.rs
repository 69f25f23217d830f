//! A table in Markdown.

/// Aligned, for those who read it as it is.
#[must_use]
pub fn layout(rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len))
        .map(|index| {
            let cells = rows.iter().map(|row| row[index].chars().count());
            cells.max().unwrap_or_default().max(3)
        })
        .collect();
    let line = |cells: &[String]| -> String {
        let padded = cells.iter().zip(&widths);
        let cells: Vec<_> = padded
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let dashes: Vec<_> = widths.iter().map(|&width| "-".repeat(width)).collect();
    let mut lines = rows.iter().map(|row| line(row));
    let header = lines.next().unwrap_or_default();
    header + &line(&dashes) + &lines.collect::<String>()
}
