using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace OnnxTransfer.Imaging;

/// <summary>
/// The functions of libturbojpeg used here, from turbojpeg.h 2.x; 3.x still has them (its own are called tj3*).
/// </summary>
internal sealed unsafe class TurboJpegApi
{
    // enum TJPF and TJCS, TJFLAG_*
    public const int PixelsRgb = 0;
    public const int PixelsCmyk = 11;
    public const int ColoursCmyk = 3;
    public const int ColoursYcck = 4;
    public const int LimitScans = 32768;

    public readonly delegate* unmanaged<nint> InitDecompress;
    public readonly delegate* unmanaged<nint, int> Destroy;
    public readonly delegate* unmanaged<nint, byte*, CULong, int*, int*, int*, int*, int> DecompressHeader;
    public readonly delegate* unmanaged<nint, byte*, CULong, byte*, int, int, int, int, int, int> Decompress;
    private readonly delegate* unmanaged<nint, byte*> getError;
    private readonly Lazy<string> _version;

    private static readonly string[] Names =
    [
        "libturbojpeg.so.0", "libturbojpeg.so", "libturbojpeg.0.dylib", "libturbojpeg.dylib", "turbojpeg.dll", "libturbojpeg.dll",
    ];

    private TurboJpegApi(NativeImageLibrary library)
    {
        InitDecompress = (delegate* unmanaged<nint>)library["tjInitDecompress"];
        Destroy = (delegate* unmanaged<nint, int>)library["tjDestroy"];
        DecompressHeader = (delegate* unmanaged<nint, byte*, CULong, int*, int*, int*, int*, int>)library["tjDecompressHeader3"];
        Decompress = (delegate* unmanaged<nint, byte*, CULong, byte*, int, int, int, int, int, int>)library["tjDecompress2"];
        getError = (delegate* unmanaged<nint, byte*>)library["tjGetErrorStr2"];
        _version = new(() => ReadVersion(NativeImageLibrary.FileOf(library["tjDecompress2"])));
    }

    /// <summary>Such as "2.1.5"; the library's file is searched for it when it is first asked for.</summary>
    public string Version => _version.Value;

    public static bool TryLoad([NotNullWhen(true)] out TurboJpegApi? api, [NotNullWhen(false)] out string? missing)
    {
        api = null;
        missing = null;
        if (!NativeImageLibrary.TryLoad(Names, [], out var library))
        {
            missing = "libturbojpeg.so.0 was not found; install it: sudo apt-get install libturbojpeg0";
            return false;
        }

        try
        {
            api = new TurboJpegApi(library);
            return true;
        }
        catch (EntryPointNotFoundException e)
        {
            missing = $"libturbojpeg is older than 2.0: {e.Message}; install libjpeg-turbo 2.0 or later: sudo apt-get install libturbojpeg0";
            return false;
        }
    }

    /// <summary>What the last call on this handle complained of.</summary>
    public string Error(nint handle) => Marshal.PtrToStringUTF8((nint)getError(handle)) ?? "";

    // No function tells the version, but the copyright line within the library does: "libjpeg-turbo version 2.1.5 (build ...)".
    private static string ReadVersion(string? path)
    {
        if (path is null || !File.Exists(path))
        {
            return "of unknown version";
        }

        ReadOnlySpan<byte> bytes = File.ReadAllBytes(path), mark = "libjpeg-turbo version "u8;
        int at = bytes.IndexOf(mark);
        if (at < 0)
        {
            return $"({Path.GetFileName(path)})";
        }

        var rest = bytes[(at + mark.Length)..];
        int end = rest.IndexOf((byte)' ');
        return Encoding.ASCII.GetString(rest[..Math.Max(0, end)]);
    }
}
