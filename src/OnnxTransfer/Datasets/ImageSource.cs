namespace OnnxTransfer.Datasets;

/// <summary>How the bytes of an <see cref="ImageSource"/> are to be read.</summary>
public enum ImageLayout
{
    /// <summary>A whole encoded image: JPEG, PNG, WebP and so on, told by its magic bytes.</summary>
    Encoded,

    /// <summary>Raw 8-bit grey pixels, row by row: H x W (idx files).</summary>
    Grey8,

    /// <summary>Raw 8-bit planes, red, green, blue: 3 x H x W (CIFAR binaries).</summary>
    PlanarRgb8,
}

/// <summary>Where one image lies: a file, or a stretch of a file that holds many. Never the pixels themselves.</summary>
/// <param name="Path">The file, absolute.</param>
/// <param name="Layout">How its bytes are read.</param>
/// <param name="Offset">First byte within the (unpacked) file; 0 for an encoded file.</param>
/// <param name="Width">Pixels per row; 0 for an encoded file, which tells it itself.</param>
/// <param name="Height">Rows; 0 for an encoded file.</param>
public readonly record struct ImageSource(string Path, ImageLayout Layout = ImageLayout.Encoded, long Offset = 0, int Width = 0, int Height = 0)
{
    // The files of a folder share its name, and each path is put together when it is asked for: of many images the paths
    // would be most of the memory.
    private readonly string? _folder;
    private readonly string _name = Path;

    internal ImageSource(string folder, string name)
        : this(name) => _folder = folder;

    /// <summary>The file, absolute.</summary>
    public string Path
    {
        get => _folder is null ? _name : System.IO.Path.Join(_folder, _name);
        init => (_folder, _name) = (null, value);
    }

    /// <summary>Bytes of a raw image; 0 for an encoded file, which is read whole.</summary>
    public int Length => Layout switch
    {
        ImageLayout.Grey8 => Width * Height,
        ImageLayout.PlanarRgb8 => 3 * Width * Height,
        _ => 0,
    };

    /// <summary>The name used in messages and tables: the path, and for a raw image its number within the file.</summary>
    public string Name => Layout == ImageLayout.Encoded ? Path : $"{Path}#{Offset}";

    /// <summary>The same place, however its path is kept.</summary>
    public bool Equals(ImageSource other) =>
        (Layout, Offset, Width, Height) == (other.Layout, other.Offset, other.Width, other.Height) && Path == other.Path;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path, Offset);
}
