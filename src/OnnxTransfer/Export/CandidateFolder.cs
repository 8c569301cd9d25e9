using OnnxTransfer.Backbones;

namespace OnnxTransfer.Export;

/// <summary>Where a backbone lies while it is measured: a folder beside its future place, deleted with it.</summary>
internal sealed class CandidateFolder : IDisposable
{
    private readonly string _folder;

    public CandidateFolder(string path)
    {
        _folder = $"{path}.{Guid.NewGuid():N}.part";
        ModelPath = Path.Combine(_folder, Path.GetFileName(path));
        Guard(path, () => Directory.CreateDirectory(_folder));
    }

    public string ModelPath { get; }

    /// <summary>A folder for embeddings that nobody will ask for again.</summary>
    public string Cache => Path.Combine(_folder, "cache");

    /// <summary>Moves network and description to <paramref name="path"/>, the network, and weights beside it, first.</summary>
    public void Move(string path) => Guard(path, () =>
    {
        foreach (var file in Directory.GetFiles(_folder).OrderBy(file => file.EndsWith(".json", StringComparison.Ordinal)))
        {
            File.Move(file, Path.Combine(Path.GetDirectoryName(path)!, Path.GetFileName(file)));
        }
    });

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static void Guard(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackboneException($"{path}: cannot be written ({error.Message}); name a file in a folder that is there and can be written", error);
        }
    }
}
