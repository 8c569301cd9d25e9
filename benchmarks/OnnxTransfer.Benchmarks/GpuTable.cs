using System.Globalization;
using System.Text;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// Writes gpu.md from rows.jsonl and utilisation.csv: what was checked, then every row beside every peer that did the same
/// work, ratios first, losing and failed ones included. Written again after every step of a run.
/// </summary>
internal sealed class GpuTable
{
    private const string Own = "OnnxTransfer";

    private readonly IReadOnlyList<GpuRow> _rows;
    private readonly GpuUtilisation _utilisation;
    private readonly StringBuilder _text = new();

    private GpuTable(string folder) =>
        (_rows, _utilisation) = (GpuRow.Read(Path.Combine(folder, "rows.jsonl")), new GpuUtilisation(Path.Combine(folder, "utilisation.csv")));

    public static void Write(string folder)
    {
        var table = new GpuTable(folder);
        string path = Path.Combine(folder, "gpu.md");
        File.WriteAllText($"{path}.new", table.Text());
        File.Move($"{path}.new", path, overwrite: true);
    }

    private string Text()
    {
        _text.AppendLine("""
            # Measured by benchmarks/gpu.sh

            Machine and versions: [versions.txt](versions.txt). Random weights of one seed, the same for all. Figures are medians: of three
            windows of time, or of the passes over a folder. `device`: the images lie on the device; `host`: uint8 pixels come from the
            host's memory. OnnxTransfer takes uint8 pixels, normalises them and brings the embeddings back to the host in all rows.
            PyTorch's `device` rows leave the embeddings on the device, and its eager ones are given normalised tensors, which spares it
            work. `jpeg`: from files to embeddings, on disk (OnnxTransfer) or in memory (PyTorch, a DataLoader with Pillow).

            ## Correct first

            The least cosine between an image's embedding as computed here and on the CPU in fp32.

            | least cosine | allowed | network | precision | images |
            |--:|--:|:--|:--|:--|
            """);
        foreach (var row in _rows.Where(row => row.Work == "check"))
        {
            Line(row.Failure ?? Figure(row.Cosine, "0.0000000"), Figure(row.Allowed, "0.0000"), row.Network, row.Precision, row.Note ?? "");
        }

        _text.AppendLine("""

            ## Beside PyTorch, in the same run

            Above 1 OnnxTransfer is the faster, below 1 the slower. Its figure is the fastest of its own ways (one or two batches in
            flight, a CUDA graph; the last table says which); PyTorch's ways have a row each.

            | OnnxTransfer / peer | work | network | precision | batch | OnnxTransfer, images/s | peer, images/s | GPU busy, % (peer) | peer |
            |--:|:--|:--|:--|--:|--:|--:|--:|:--|
            """);
        foreach (var peer in Measured().Where(row => row.By != Own).OrderBy(Order))
        {
            var own = Counterpart(peer);
            Line(
                Figure(own?.ImagesPerSecond / peer.ImagesPerSecond, "0.00"), peer.Work, peer.Network, peer.Precision, $"{peer.Batch}",
                own is null ? "-" : Rate(own), Rate(peer), $"{(own is null ? "-" : Busy(own))} ({Busy(peer)})", peer.By);
        }

        _text.AppendLine("""

            ## OnnxTransfer alone

            | images/s | ms per batch | work | network | precision | batch | GPU busy, % | how, and what limited it |
            |--:|--:|:--|:--|:--|--:|--:|:--|
            """);
        foreach (var row in Measured().Where(row => row.By == Own).OrderBy(Order))
        {
            Line(Rate(row), Figure(1000 * row.Batch / row.ImagesPerSecond, "0.00"), row.Work, row.Network, row.Precision, $"{row.Batch}", Busy(row), row.Note ?? "");
        }

        return _text.ToString();
    }

    private IEnumerable<GpuRow> Measured() => _rows.Where(row => row.Work != "check");

    // The fastest way there is; failed ones come last.
    private GpuRow? Counterpart(GpuRow peer) => _rows.Where(row => row.By == Own && row.Work == peer.Work && row.Network == peer.Network
        && row.Precision == peer.Precision && row.Batch == peer.Batch).MaxBy(row => row.ImagesPerSecond ?? 0);

    private string Busy(GpuRow row) => Figure(_utilisation.Between(row.From, row.To), "0");

    private void Line(params string[] cells) =>
        _text.AppendLine($"| {string.Join(" | ", cells.Select(cell => cell.Replace('|', '/')))} |");

    private static (string, string, string, int) Order(GpuRow row) => (row.Work, row.Network, row.Precision, row.Batch);

    private static string Rate(GpuRow row) => row.Failure ?? Figure(row.ImagesPerSecond, "0.0");

    private static string Figure(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
