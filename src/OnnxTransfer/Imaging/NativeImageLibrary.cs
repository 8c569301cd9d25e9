using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace OnnxTransfer.Imaging;

/// <summary>
/// A native library found under one of several names, as systems and packages call it differently. Once loaded it stays
/// for the life of the process.
/// </summary>
internal sealed class NativeImageLibrary
{
    private readonly nint[] _handles;

    private NativeImageLibrary(nint[] handles) => _handles = handles;

    /// <summary>Loads the first of <paramref name="names"/> that is there, and what there is of <paramref name="companions"/>.</summary>
    public static bool TryLoad(string[] names, string[] companions, [NotNullWhen(true)] out NativeImageLibrary? library)
    {
        library = null;
        if (Load(names) is not { } first)
        {
            return false;
        }

        library = new NativeImageLibrary([first, .. companions.Select(name => Load([name])).OfType<nint>()]);
        return true;
    }

    /// <summary>The address of an exported function, searched in the library, what it depends on, and its companions.</summary>
    /// <exception cref="EntryPointNotFoundException">No library has it.</exception>
    public nint this[string function]
    {
        get
        {
            foreach (nint handle in _handles)
            {
                if (NativeLibrary.TryGetExport(handle, function, out nint address))
                {
                    return address;
                }
            }

            throw new EntryPointNotFoundException($"the function {function} is missing");
        }
    }

    /// <summary>The file that holds the code at <paramref name="address"/>, links resolved; null where the system does not say.</summary>
    public static string? FileOf(nint address)
    {
        using var process = Process.GetCurrentProcess();
        foreach (ProcessModule module in process.Modules)
        {
            using (module)
            {
                if (address >= module.BaseAddress && address - module.BaseAddress < module.ModuleMemorySize)
                {
                    return module.FileName;
                }
            }
        }

        return null;
    }

    private static nint? Load(string[] names)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, typeof(NativeImageLibrary).Assembly, searchPath: null, out nint handle))
            {
                return handle;
            }
        }

        return null;
    }
}
