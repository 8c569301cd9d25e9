namespace OnnxTransfer.Tests;

/// <summary>A folder of a test's own, deleted with it.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"onnxtransfer-{Guid.NewGuid():N}");

    public string this[params string[] parts]
    {
        get
        {
            var path = System.IO.Path.Combine([Path, .. parts]);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            return path;
        }
    }

    /// <summary>Writes files of these names, each with its own name as content.</summary>
    public TempFolder With(params string[] names)
    {
        foreach (var name in names)
        {
            File.WriteAllText(this[name], name);
        }

        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
