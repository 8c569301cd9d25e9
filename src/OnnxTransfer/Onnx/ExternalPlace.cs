using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Onnx;

/// <summary>Where a tensor's external data lie, checked: inside the model's folder, links followed, and as long as the tensor.</summary>
/// <param name="Folder">The model's folder without links.</param>
/// <param name="Location">The file, without links, relative to the folder.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Number of bytes.</param>
/// <param name="Where">Model and tensor, for messages.</param>
internal sealed record ExternalPlace(string Folder, string Location, long Offset, long Length, string Where)
{
    private string FullPath => Path.Combine(Folder, Location);

    /// <summary>Reads the entries of <paramref name="tensor"/>; <paramref name="where"/> begins messages.</summary>
    /// <exception cref="OnnxException">The place is outside the model's folder, absent, too short, or not the tensor's size.</exception>
    public static ExternalPlace Of(TensorProto tensor, string where, string? modelPath)
    {
        string Value(string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value ?? "";
        long Number(string key, long absent) => Value(key) is not { Length: > 0 } text ? absent
            : long.TryParse(text, out var number) && number >= 0 ? number
            : throw new OnnxException($"{where} has external data with {key} '{ShortNames.Of(text)}'; expected a number of bytes: export it again");

        var (location, offset) = (Value("location"), Number("offset", 0));
        if (modelPath is null)
        {
            throw new OnnxException($"{where} keeps its data in the file '{ShortNames.Of(location)}'; bytes alone cannot reach it: load the model by its path");
        }

        // Without a length ONNX means the rest of the file, ONNX Runtime the tensor's size; a whole file serves both.
        var size = TensorCheck.Bytes(tensor, where);
        if ((ElementType)tensor.DataType == ElementType.String || Number("length", size) is var length && length != size)
        {
            throw new OnnxException($"{where} has external data of {Value("length")} bytes; expected {size} for its type and dimensions "
                + $"[{ShortNames.Of(string.Join(',', tensor.Dims))}]: export it again");
        }

        if (size > Array.MaxLength)
        {
            throw new OnnxException($"{where} holds {size} bytes; expected at most {Array.MaxLength} in one tensor: split it, or use a smaller model");
        }

        var (folder, file) = Inside(location, modelPath, where);
        return new ExternalPlace(folder, file, offset, size, where).Checked();
    }

    /// <summary>The data in memory.</summary>
    public ReadOnlyMemory<byte> Read() => Length == 0 ? ReadOnlyMemory<byte>.Empty : Try(() =>
    {
        using var file = File.OpenRead(FullPath);
        var bytes = new byte[Length];
        file.Position = Offset;
        file.ReadExactly(bytes);
        return new ReadOnlyMemory<byte>(bytes);
    });

    /// <summary>The data where they are.</summary>
    public ReadOnlyMemory<byte> Map() => Try(() => (ReadOnlyMemory<byte>)new MappedData(Folder, Location, Offset, (int)Length).Memory);

    /// <summary>
    /// Where <paramref name="location"/> leads when every link is followed. The model's folder is that of its path, or, where
    /// the model itself is a link (download caches work so), the one its file really lies in.
    /// </summary>
    private static (string Folder, string File) Inside(string location, string modelPath, string where)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;

        // The separators of either system, so that a model means the same on both.
        var parts = location.Split('/', '\\');
        var named = parts.Contains("..") || parts[0] is "" || parts[0].Contains(':') || location.Contains('\0') ? null : Path.Combine([folder, .. parts]);
        if (named is not null)
        {
            var (real, model) = Try(named, where, () => (RealPath.Of(named), RealPath.Of(modelPath)));
            foreach (var root in new[] { RealPath.Of(folder), Path.GetDirectoryName(model)! })
            {
                var file = Path.GetRelativePath(root, real);
                if (!Path.IsPathRooted(file) && file.Split(Path.DirectorySeparatorChar)[0] != "..")
                {
                    return (root, file);
                }
            }
        }

        throw new OnnxException($"{where} keeps its data in '{ShortNames.Of(location)}', outside the model's folder; "
            + "expected a file beside the model: export it again with relative external data");
    }

    private ExternalPlace Checked() => Try(() =>
    {
        var found = new FileInfo(FullPath).Length;
        return Offset <= found - Length ? this : throw new OnnxException($"{Where} expects bytes {Offset} to {(Int128)Offset + Length} of {FullPath}, which has {found}; "
            + "download or export both files again");
    });

    private T Try<T>(Func<T> read) => Try(FullPath, Where, read);

    private static T Try<T>(string path, string where, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxException($"{where} keeps its data in {path}, which cannot be read ({e.Message}); put that file beside the model", e);
        }
    }
}
