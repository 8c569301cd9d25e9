namespace OnnxTransfer.Embeddings;

/// <summary>The three files of one part: keys, values, and the record that makes them visible.</summary>
internal readonly record struct PartPaths(string Folder, string Name)
{
    public const string RecordEnding = ".json";
    public const string KeysEnding = ".keys.npy";
    public const string ValuesEnding = ".values.npy";

    private static long _lastTicks;

    public string Record => Path.Combine(Folder, Name + RecordEnding);

    public string Keys => Path.Combine(Folder, Name + KeysEnding);

    public string Values => Path.Combine(Folder, Name + ValuesEnding);

    /// <summary>
    /// A name no other process uses; it begins with the time in steps of 100 ns, none taken twice by one process, so that
    /// names sort in the order of writing.
    /// </summary>
    public static PartPaths New(string folder) =>
        new(folder, $"{NextTime():yyyyMMdd'T'HHmmssfffffff}-{Guid.NewGuid():N}"[..31]);

    /// <summary>The parts of a folder that are visible, oldest first.</summary>
    public static IEnumerable<PartPaths> Visible(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*" + RecordEnding)
            .Select(path => new PartPaths(folder, Path.GetFileName(path)[..^RecordEnding.Length]))
            .OrderBy(part => part.Name, StringComparer.Ordinal)
        : [];

    // The clock may stand still between two names: then the later one takes the next step.
    private static DateTime NextTime()
    {
        while (true)
        {
            long last = Interlocked.Read(ref _lastTicks), next = Math.Max(last + 1, DateTime.UtcNow.Ticks);
            if (Interlocked.CompareExchange(ref _lastTicks, next, last) == last)
            {
                return new DateTime(next, DateTimeKind.Utc);
            }
        }
    }
}
