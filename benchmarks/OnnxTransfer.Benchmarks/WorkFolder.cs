namespace OnnxTransfer.Benchmarks;

/// <summary>A folder for a benchmark's files, beside the benchmarks, deleted with it.</summary>
internal sealed class WorkFolder : IDisposable
{
    public WorkFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "work", $"{Guid.NewGuid():N}");

    /// <summary>A path in it that was not handed out before.</summary>
    public string New() => System.IO.Path.Combine(Path, $"{Guid.NewGuid():N}");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
