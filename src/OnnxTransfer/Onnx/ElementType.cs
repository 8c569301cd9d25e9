namespace OnnxTransfer.Onnx;

/// <summary>Element type of a tensor, numbered as in ONNX's TensorProto.DataType.</summary>
public enum ElementType
{
    /// <summary>Not said in the file.</summary>
    Undefined = 0,

    /// <summary>float32.</summary>
    Float = 1,

    /// <summary>Unsigned byte.</summary>
    UInt8 = 2,

    /// <summary>Signed byte.</summary>
    Int8 = 3,

    /// <summary>16-bit unsigned integer.</summary>
    UInt16 = 4,

    /// <summary>16-bit integer.</summary>
    Int16 = 5,

    /// <summary>32-bit integer.</summary>
    Int32 = 6,

    /// <summary>64-bit integer.</summary>
    Int64 = 7,

    /// <summary>Text.</summary>
    String = 8,

    /// <summary>True or false.</summary>
    Bool = 9,

    /// <summary>IEEE half precision.</summary>
    Float16 = 10,

    /// <summary>float64.</summary>
    Double = 11,

    /// <summary>32-bit unsigned integer.</summary>
    UInt32 = 12,

    /// <summary>64-bit unsigned integer.</summary>
    UInt64 = 13,

    /// <summary>Two float32.</summary>
    Complex64 = 14,

    /// <summary>Two float64.</summary>
    Complex128 = 15,

    /// <summary>The upper half of a float32.</summary>
    BFloat16 = 16,
}
