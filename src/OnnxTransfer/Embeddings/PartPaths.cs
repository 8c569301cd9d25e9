namespace OnnxTransfer.Embeddings;

/// <summary>The three files of one part: keys, values, and the record that makes them visible.</summary>
internal readonly record struct PartPaths(string Folder, string Name)
{
    public const string RecordEnding = ".json";
    public const string KeysEnding = ".keys.npy";
    public const string ValuesEnding = ".values.npy";

    public string Record => Path.Combine(Folder, Name + RecordEnding);

    public string Keys => Path.Combine(Folder, Name + KeysEnding);

    public string Values => Path.Combine(Folder, Name + ValuesEnding);

    /// <summary>A name no other process uses; it begins with the time, so that names sort in the order of writing.</summary>
    public static PartPaths New(string folder) =>
        new(folder, $"{DateTime.UtcNow:yyyyMMdd'T'HHmmssfff}-{Guid.NewGuid():N}"[..31]);

    /// <summary>The parts of a folder that are visible, oldest first.</summary>
    public static IEnumerable<PartPaths> Visible(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*" + RecordEnding)
            .Select(path => new PartPaths(folder, Path.GetFileName(path)[..^RecordEnding.Length]))
            .OrderBy(part => part.Name, StringComparer.Ordinal)
        : [];
}
