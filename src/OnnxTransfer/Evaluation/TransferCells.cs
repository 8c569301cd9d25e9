using System.Text.Json;
using System.Text.Json.Serialization;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Evaluation;

/// <summary>
/// The answers found so far, in a JSON file that is written anew, whole or not at all, after each: an interrupted study goes on
/// from there, and another study with the same data and settings finds what they share.
/// </summary>
internal sealed class TransferCells
{
    private const int Format = 1;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly string? _file;
    private readonly Dictionary<string, TransferCell> _cells;

    private TransferCells(string? file, IEnumerable<TransferCell> cells) => (_file, _cells) = (file, cells.ToDictionary(cell => cell.Key, StringComparer.Ordinal));

    /// <summary>Opens a file, which need not be there yet; null: nothing is kept.</summary>
    /// <exception cref="TransferException">It is not such a file, or cannot be read.</exception>
    public static TransferCells Open(string? file)
    {
        if (file is null || !File.Exists(file))
        {
            return new TransferCells(file, []);
        }

        try
        {
            var kept = JsonSerializer.Deserialize<Kept>(File.ReadAllBytes(file), Json);
            return kept is { Format: Format, Cells: { } cells }
                ? new TransferCells(file, cells)
                : throw new TransferException($"{file}: results of format {kept?.Format}; expected {Format}: name another file, or delete it to begin anew");
        }
        catch (Exception error) when (error is JsonException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new TransferException($"{file}: not the results of a transfer study ({error.Message}); name another file, or delete it to begin anew", error);
        }
    }

    /// <summary>The answers to a task with as many numbers as it asks for; null: they are yet to be found.</summary>
    public TransferCell? Find(string key, int numbers) => _cells.TryGetValue(key, out var cell) && cell.Answers.Length == numbers ? cell : null;

    /// <summary>Keeps answers.</summary>
    /// <exception cref="CacheException">The file cannot be written.</exception>
    public void Add(TransferCell cell)
    {
        _cells[cell.Key] = cell;
        if (_file is not null)
        {
            AtomicFile.Write(_file, stream => JsonSerializer.Serialize(stream, new Kept(Format, [.. _cells.Values]), Json));
        }
    }

    private sealed record Kept(int Format, TransferCell[] Cells);
}
