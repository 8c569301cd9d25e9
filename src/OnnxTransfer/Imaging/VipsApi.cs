using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Imaging;

/// <summary>
/// The functions of libvips and of GObject below it that are used here; none takes a variable number of arguments,
/// which no calling convention of .NET can pass.
/// </summary>
internal sealed unsafe class VipsApi
{
    // VipsBandFormat, VipsInterpretation, VipsOperationFlags
    public const int UChar = 0;
    public const int UShort = 2;
    public const int Cmyk = 15;
    public const int Labs = 21;
    public const int Lab = 13;
    public const int LabQ = 16;
    public const int Blocked = 32;

    public readonly delegate* unmanaged<byte*, nint> OperationNew;
    public readonly delegate* unmanaged<nint, int> OperationFlags;
    public readonly delegate* unmanaged<nint, byte*, int> SetFromString;
    public readonly delegate* unmanaged<nint*, int> Build;
    public readonly delegate* unmanaged<nint, void> UnrefOutputs;
    public readonly delegate* unmanaged<nint, byte*, nuint, nint> BlobNew;
    public readonly delegate* unmanaged<nint> BlobType;
    public readonly delegate* unmanaged<nint> ImageType;
    public readonly delegate* unmanaged<nint, void> AreaUnref;
    public readonly delegate* unmanaged<nint, int> Width;
    public readonly delegate* unmanaged<nint, int> Height;
    public readonly delegate* unmanaged<nint, int> Bands;
    public readonly delegate* unmanaged<nint, int> Format;
    public readonly delegate* unmanaged<nint, int> Interpretation;
    public readonly delegate* unmanaged<nint, nuint*, byte*> WriteToMemory;
    public readonly delegate* unmanaged<void> ErrorClear;
    public readonly delegate* unmanaged<nint, byte*, GValue*, void> SetProperty;
    public readonly delegate* unmanaged<nint, byte*, GValue*, void> GetProperty;
    public readonly delegate* unmanaged<GValue*, nint, GValue*> ValueInit;
    public readonly delegate* unmanaged<GValue*, nint, void> ValueSetBoxed;
    public readonly delegate* unmanaged<GValue*, nint> ValueDupObject;
    public readonly delegate* unmanaged<GValue*, void> ValueUnset;
    public readonly delegate* unmanaged<nint, void> ObjectUnref;
    public readonly delegate* unmanaged<void*, void> Free;
    private readonly delegate* unmanaged<byte*> errorBuffer;

    private static readonly string[] Names =
    [
        "libvips.so.42", "libvips-cpp.so.42", "libvips.so", "libvips-cpp.so", "libvips.42.dylib", "libvips-cpp.42.dylib", "libvips-42.dll",
    ];

    // On Linux a library is searched together with what it depends on; elsewhere GObject is loaded by name.
    private static readonly string[] Companions = OperatingSystem.IsWindows()
        ? ["libgobject-2.0-0.dll", "libglib-2.0-0.dll"]
        : ["libgobject-2.0.so.0", "libglib-2.0.so.0", "libgobject-2.0.0.dylib", "libglib-2.0.0.dylib"];

    private VipsApi(NativeImageLibrary library)
    {
        OperationNew = (delegate* unmanaged<byte*, nint>)library["vips_operation_new"];
        OperationFlags = (delegate* unmanaged<nint, int>)library["vips_operation_get_flags"];
        SetFromString = (delegate* unmanaged<nint, byte*, int>)library["vips_object_set_from_string"];
        Build = (delegate* unmanaged<nint*, int>)library["vips_cache_operation_buildp"];
        UnrefOutputs = (delegate* unmanaged<nint, void>)library["vips_object_unref_outputs"];
        BlobNew = (delegate* unmanaged<nint, byte*, nuint, nint>)library["vips_blob_new"];
        BlobType = (delegate* unmanaged<nint>)library["vips_blob_get_type"];
        ImageType = (delegate* unmanaged<nint>)library["vips_image_get_type"];
        AreaUnref = (delegate* unmanaged<nint, void>)library["vips_area_unref"];
        Width = (delegate* unmanaged<nint, int>)library["vips_image_get_width"];
        Height = (delegate* unmanaged<nint, int>)library["vips_image_get_height"];
        Bands = (delegate* unmanaged<nint, int>)library["vips_image_get_bands"];
        Format = (delegate* unmanaged<nint, int>)library["vips_image_get_format"];
        Interpretation = (delegate* unmanaged<nint, int>)library["vips_image_get_interpretation"];
        WriteToMemory = (delegate* unmanaged<nint, nuint*, byte*>)library["vips_image_write_to_memory"];
        ErrorClear = (delegate* unmanaged<void>)library["vips_error_clear"];
        errorBuffer = (delegate* unmanaged<byte*>)library["vips_error_buffer"];
        SetProperty = (delegate* unmanaged<nint, byte*, GValue*, void>)library["g_object_set_property"];
        GetProperty = (delegate* unmanaged<nint, byte*, GValue*, void>)library["g_object_get_property"];
        ValueInit = (delegate* unmanaged<GValue*, nint, GValue*>)library["g_value_init"];
        ValueSetBoxed = (delegate* unmanaged<GValue*, nint, void>)library["g_value_set_boxed"];
        ValueDupObject = (delegate* unmanaged<GValue*, nint>)library["g_value_dup_object"];
        ValueUnset = (delegate* unmanaged<GValue*, void>)library["g_value_unset"];
        ObjectUnref = (delegate* unmanaged<nint, void>)library["g_object_unref"];
        Free = (delegate* unmanaged<void*, void>)library["g_free"];
        Version = Start(library);
    }

    /// <summary>Such as "8.14.1".</summary>
    public string Version { get; }

    /// <summary>What went wrong, possibly in several threads.</summary>
    public string Error => (Marshal.PtrToStringUTF8((nint)errorBuffer()) ?? "").Trim().ReplaceLineEndings("; ");

    public static bool TryLoad([NotNullWhen(true)] out VipsApi? api, [NotNullWhen(false)] out string? missing)
    {
        api = null;
        missing = null;
        if (!NativeImageLibrary.TryLoad(Names, Companions, out var library))
        {
            missing = "libvips.so.42 was not found; install it: sudo apt-get install libvips42";
            return false;
        }

        try
        {
            api = new VipsApi(library);
            return true;
        }
        catch (EntryPointNotFoundException e)
        {
            missing = $"libvips is older than 8.13: {e.Message}; install libvips 8.13 or later: sudo apt-get install libvips42";
            return false;
        }
    }

    // Quiet (GLib prints warnings to stderr unless told otherwise), no cache of images whose memory is ours, and only
    // loaders that are tested against hostile files. Parallelism is ours too: many images, one thread each.
    private static string Start(NativeImageLibrary library)
    {
        var logSetHandler = (delegate* unmanaged<byte*, int, delegate* unmanaged[Cdecl]<byte*, int, byte*, void*, void>, void*, uint>)library["g_log_set_handler"];
        var initialise = (delegate* unmanaged<byte*, int>)library["vips_init"];
        var setConcurrency = (delegate* unmanaged<int, void>)library["vips_concurrency_set"];
        var setCacheMax = (delegate* unmanaged<int, void>)library["vips_cache_set_max"];
        var blockUntrusted = (delegate* unmanaged<int, void>)library["vips_block_untrusted_set"];
        var version = (delegate* unmanaged<byte*>)library["vips_version_string"];
        const int AllLevelsThatReturn = 0xF8;
        fixed (byte* program = "onnxtransfer\0"u8, domain = "VIPS\0"u8)
        {
            logSetHandler(domain, AllLevelsThatReturn, &Ignore, null);
            if (initialise(program) != 0)
            {
                throw new EntryPointNotFoundException("vips_init failed");
            }
        }

        setConcurrency(1);
        setCacheMax(0);
        blockUntrusted(1);
        return Marshal.PtrToStringUTF8((nint)version()) ?? "of unknown version";
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ignore(byte* domain, int level, byte* message, void* data)
    {
    }

    /// <summary>GObject's typed value: its type and two words.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct GValue
    {
        public nint Type;
        public long Data0;
        public long Data1;
    }
}
