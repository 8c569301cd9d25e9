using System.Text.Json;

namespace OnnxTransfer.Embeddings;

/// <summary>A file of a part: its length, and the checksum of the values behind its header.</summary>
internal sealed record PartFile(long Bytes, string Sha256);

/// <summary>
/// The small JSON that makes a part visible, written last: a part without it does not exist.
/// </summary>
internal sealed record PartRecord(int Format, int Count, int Width, PartFile Keys, PartFile Values, DateTime Written)
{
    public const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Reads a record; null where the file is gone, damaged or of another format.</summary>
    public static PartRecord? TryRead(string path)
    {
        try
        {
            var record = JsonSerializer.Deserialize<PartRecord>(File.ReadAllBytes(path), Options);
            return record is { Format: CurrentFormat, Keys: not null, Values: not null } ? record : null;
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            return null;
        }
    }

    public void Write(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, Options));
}
